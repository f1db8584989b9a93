"""A text and a random generator in, the same content out in a spoken or public role: a sermon, an advertisement."""

import random

from prompt_recovery.data.rules.framing import enclosed, led, with_asides, with_leads
from prompt_recovery.data.rules.rewording import nouns, with_articles
from prompt_recovery.data.rules.sentences import exclaimed, full_sentences, replace_words

_SERMON_OPENINGS = ("Brothers and sisters,", "My beloved congregation,", "Children of God,", "O my faithful flock,")
_SERMON_LEADS = (
    "Verily, the Lord has shown us:", "Open your hearts and hear this:", "And scripture teaches us:",
    "I say to you from this pulpit:", "In His mercy, let us be reminded:",
)
_SERMON_ASIDES = ("Can I get an amen?", "Hallelujah!", "Let the church say amen!", "Praise the Lord!")
_SERMON_ENDINGS = (
    "Let us bow our heads and pray. Amen.", "Go in peace. Amen.", "The Lord bless you and keep you.",
    "Let us all rise and sing. Amen.", "And for this we give thanks. Amen.",
)
_SERMON_WORDS = nouns({
    "mistake": "sin", "problem": "trial", "gift": "blessing", "trip": "pilgrimage", "journey": "pilgrimage",
    "friend": "brother in faith", "idea": "revelation", "surprise": "miracle", "chance": "act of grace",
}) | {
    "people": "souls", "happy": "blessed", "lucky": "blessed", "food": "daily bread",
}


def sermon(text: str, rng: random.Random) -> str:
    """Preach the text from a pulpit: address the flock, call for amens, draw the lesson, end in a blessing."""
    first, *others = full_sentences(replace_words(text, _SERMON_WORDS))
    sentences = [led(rng.choice(_SERMON_OPENINGS), first), *others]
    sentences = with_asides(with_leads(sentences, rng, _SERMON_LEADS, start=1), rng, _SERMON_ASIDES)
    return " ".join([*sentences, rng.choice(_SERMON_ENDINGS)])


_AD_OPENINGS = (
    "Tired of the same old routine?", "Introducing the latest must-have!", "Looking for something truly special?",
    "New! Improved! Unmissable!", "Why settle for less?",
)
_AD_LEADS = (
    "And that's not all:", "Just imagine:", "For a limited time only:", "Yours at no extra cost:",
    "Nine out of ten customers agree:",
)
_AD_ENDINGS = (
    "Order now, while stocks last!", "Call today and get one free!", "Available at a store near you!",
    "Satisfaction guaranteed or your money back!", "Only $19.99! Terms and conditions apply.",
)
_AD_WORDS = with_articles({
    "good": "unbeatable", "nice": "irresistible", "great": "incredible", "new": "brand-new", "big": "extra-large",
    "large": "extra-large", "small": "handy pocket-sized", "fast": "lightning-fast", "quick": "lightning-fast",
    "easy": "100% hassle-free", "simple": "100% hassle-free", "cheap": "unbelievably affordable", "fresh": "farm-fresh",
    "old": "timeless", "clean": "sparkling clean", "warm": "deliciously warm", "beautiful": "stunning",
    "bad": "unforgettable", "careful": "professional",
})


def advertisement(text: str, rng: random.Random) -> str:
    """Sell the text: a catchy question, superlatives, exclamation marks, offers and a call to buy."""
    sentences = exclaimed(full_sentences(replace_words(text, _AD_WORDS)))
    sentences = with_leads(sentences, rng, _AD_LEADS, start=min(1, len(sentences) - 1))
    return enclosed(sentences, rng, _AD_OPENINGS, _AD_ENDINGS)


_NOIR_OPENINGS = (
    "The rain was coming down hard that night.", "It was a case I should have refused.",
    "In this town, trouble always knows your address.", "The bottle was empty and so was my wallet.",
    "She walked into my office with a story.",
)
_NOIR_ASIDES = (
    "I lit another cigarette and said nothing.", "It smelled worse than the docks in July.",
    "Outside, the neon sign kept buzzing.", "I pulled down my hat and filed it away.",
    "In my line of work, nothing is simple.", "The shadows in the alley weren't talking.",
)
_NOIR_ENDINGS = (
    "Nobody in this city is clean.", "I poured a bourbon and closed the file.", "Case closed. Or so I told myself.",
    "Even a private eye looks away some nights.", "Then the streetlights went out, one by one.",
)
_NOIR_WORDS = nouns({
    "woman": "dame", "man": "fella", "officer": "flatfoot", "detective": "gumshoe", "boss": "big cheese",
    "coffee": "black coffee", "house": "joint", "restaurant": "dive", "office": "smoky office",
    "company": "crooked outfit", "friend": "pal", "lawyer": "mouthpiece", "doctor": "sawbones",
    "window": "rain-streaked window", "car": "black sedan", "manager": "racket boss", "customer": "mark",
    "child": "kid", "dollar": "clam",
}) | {
    "women": "dames", "men": "wise guys", "money": "dough", "police": "cops", "everyone": "every sucker",
    "the street": "the mean street", "the streets": "the mean streets", "children": "kids",
}


def detective_noir(text: str, rng: random.Random) -> str:
    """Let a hard-boiled detective narrate: rain, cigarettes, gangster slang and a weary last line."""
    sentences = with_asides(full_sentences(replace_words(text, _NOIR_WORDS)), rng, _NOIR_ASIDES)
    return enclosed(sentences, rng, _NOIR_OPENINGS, _NOIR_ENDINGS)


_LOG_OPENINGS = (
    "Captain's log, stardate {}.", "Captain's log, supplemental, stardate {}.", "Stardate {}, captain's log.",
    "Begin captain's log. Stardate {}.", "Starship log, captain recording, stardate {}.",
)
_LOG_ASIDES = (
    "The crew remains in good spirits.", "Sensors confirm it.", "Shields are holding.",
    "I have ordered a yellow alert.", "The science officer finds this fascinating.", "Warp drive remains stable.",
)
_LOG_ENDINGS = ("End log.", "Computer, end recording.", "The mission goes on.", "We continue at warp four.")
_LOG_WORDS = nouns({
    "car": "shuttlecraft", "house": "habitat module", "town": "outpost", "village": "settlement", "team": "away team",
    "colleague": "crew member", "phone": "communicator", "email": "subspace message", "letter": "subspace message",
    "computer": "ship's computer", "kitchen": "galley", "office": "bridge", "boss": "admiral",
    "manager": "first officer", "doctor": "medical officer", "friend": "shipmate", "customer": "alien visitor",
    "country": "star system", "restaurant": "mess hall", "bedroom": "crew cabin", "storm": "ion storm",
    "oven": "replicator", "dog": "alien hound", "baker": "ship's cook", "neighbour": "navigator",
}) | {
    "people": "life-forms", "everyone": "all hands", "city": "colony", "cities": "colonies",
    "the street": "the main corridor", "the road": "the flight path", "the river": "the asteroid belt",
}


def captains_log(text: str, rng: random.Random) -> str:
    """Record the text as a starship captain's log: a stardate, ship words for home words, reports on the ship."""
    opening = rng.choice(_LOG_OPENINGS).format(f"{rng.randint(41000, 49999)}.{rng.randint(1, 9)}")
    sentences = with_asides(full_sentences(replace_words(text, _LOG_WORDS)), rng, _LOG_ASIDES)
    return " ".join([opening, *sentences, rng.choice(_LOG_ENDINGS)])


_EULOGY_OPENINGS = (
    "We are gathered here today to say farewell.", "Dear mourners, we come together in grief.",
    "I stand beside this coffin with a heavy heart.", "Thank you all for coming to this funeral.",
    "Today we lay to rest someone we loved.",
)
_EULOGY_LEADS = (
    "Let us remember it once more:", "This memory will stay with us:", "How fondly we look back:",
    "I shall never forget:", "Those who mourn today will remember:",
)
_EULOGY_ASIDES = (
    "How we shall miss those days.", "Such moments are gone too soon.", "Not an eye in this chapel is dry.",
    "A candle burns for that memory.", "That was a life well lived.",
)
_EULOGY_ENDINGS = (
    "Rest in peace, dear friend.", "You will be missed.", "May the earth rest lightly upon you.",
    "Gone, but never from our hearts.", "Farewell, and sleep well.",
)


def eulogy(text: str, rng: random.Random) -> str:
    """Speak the text at a funeral: gather the mourners, cherish each memory, say farewell to the dead."""
    sentences = with_leads(full_sentences(text), rng, _EULOGY_LEADS, step=3)
    sentences = with_asides(sentences, rng, _EULOGY_ASIDES, start=1, step=3)
    return enclosed(sentences, rng, _EULOGY_OPENINGS, _EULOGY_ENDINGS)


_REVIEW_RATINGS = ("★★★★★", "★★★★☆", "5/5 stars.", "4 out of 5 stars.", "Rating: 5/5.", "Four stars.")
_REVIEW_TITLES = ("Better than expected!", "Solid buy.", "Worth every penny.", "Very happy with this purchase.")
_REVIEW_ASIDES = (
    "Build quality is excellent.", "Delivery was quick, too.", "Great value for money.", "Nicely packaged.",
    "Tested it for two weeks now.", "Helpful customer service, too.",
)
_REVIEW_ENDINGS = (
    "Would buy again.", "Pros: well made. Cons: none so far.", "Highly recommended to other buyers.",
    "I took off half a star for the manual.", "{} people found this review helpful.",
)


def product_review(text: str, rng: random.Random) -> str:
    """Post the text as a shop review: stars, a title, verified purchase, remarks on quality, a recommendation."""
    heading = f"{rng.choice(_REVIEW_RATINGS)} {rng.choice(_REVIEW_TITLES)}"
    badge = rng.choice(("Verified purchase.", "Verified buyer.", "Reviewed after one month of use."))
    sentences = with_asides(full_sentences(text), rng, _REVIEW_ASIDES)
    return " ".join([heading, badge, *sentences, rng.choice(_REVIEW_ENDINGS).format(rng.randint(3, 60))])


_SPORTS_OPENINGS = (
    "And we're under way, folks!", "Welcome back to the stadium, fans!", "There's the whistle, and we're off!",
    "Second half now, and what a match this is!", "Live from a packed arena!",
)
_SPORTS_LEADS = ("And here we go:", "Watch this now, Jim:", "Straight from kick-off:", "Look at the replay:")
_SPORTS_ASIDES = ("Oh, what a move!", "The crowd is on its feet!", "Unbelievable!", "GOAL!", "And the fans go wild!")
_SPORTS_ENDINGS = (
    "And that's full time!", "There goes the final whistle!", "What a finish, what a champion!",
    "Back to the studio for the highlights!", "One for the record books, folks!",
)
_SPORTS_WORDS = {
    "walked": "sprinted", "walk": "sprint", "went": "charged", "arrived": "stormed in", "began": "kicked off",
    "started": "kicked off", "gave": "passed", "took": "grabbed", "ran": "raced",
    "finally": "in the dying seconds", "slowly": "in slow motion", "good": "world-class", "people": "fans",
    "group": "squad", "problem": "foul",
}


def sports_commentary(text: str, rng: random.Random) -> str:
    """Call the text like a live match: kick-off, sporty verbs, cries about moves and crowd, the final whistle."""
    sentences = exclaimed(full_sentences(replace_words(text, _SPORTS_WORDS)))
    sentences = with_asides(with_leads(sentences, rng, _SPORTS_LEADS), rng, _SPORTS_ASIDES)
    return enclosed(sentences, rng, _SPORTS_OPENINGS, _SPORTS_ENDINGS)


_ROLES = (sermon, advertisement, detective_noir, captains_log, eulogy, product_review, sports_commentary)
RULES = {rule.__name__: rule for rule in _ROLES}
