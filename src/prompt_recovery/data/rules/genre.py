"""A text and a random generator in, the same content out in a written form: a tale, a letter, a poem, a script."""

import random
import re
from itertools import cycle, zip_longest

from prompt_recovery.data.rules.framing import deck, led, with_asides, with_leads
from prompt_recovery.data.rules.rewording import nouns
from prompt_recovery.data.rules.sentences import full_sentences, lower_first, replace_words, upper_first

_NAMES = ("Clara", "Theo", "Ingrid", "Marcus", "Nora", "Felix", "Ruth", "Oscar", "Beatrice", "Jonas", "Lydia", "Hugo")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = "January February March April May June July August September October November December".split()

_TALE_OPENINGS = (
    "Once upon a time, beyond seven hills,", "Long ago, when wishes still came true,",
    "Once upon a time, beside an enchanted wood,", "In a faraway land of whispering trees,",
    "Once, when foxes could still talk,", "Once upon a time, in a kingdom by the sea,",
)
_TALE_ASIDES = (
    "A little bird saw it all.", "A fairy smiled behind the hedge.", "Somewhere, an old witch chuckled.",
    "Such was the magic of those days.", "Even the dragon pricked up its ears.", "So the three wise owls had foretold.",
)
_TALE_ENDINGS = (
    "And they all lived happily ever after.", "And so the spell was broken.", "And the tale is told there still.",
    "And there was dancing for seven days.", "And they lived in peace and plenty forever.",
)
_TALE_WORDS = nouns({
    "car": "golden carriage", "bus": "royal coach", "phone": "magic mirror", "computer": "crystal ball", "boss": "king",
    "manager": "queen", "mayor": "duke", "president": "king", "company": "royal court", "office": "castle",
    "city": "kingdom", "town": "little kingdom", "house": "thatched cottage", "forest": "dark forest",
    "restaurant": "tavern", "customer": "weary traveller", "team": "merry band", "dog": "faithful hound",
    "horse": "white steed", "pot": "cauldron", "soup": "magic broth", "doctor": "wizard", "teacher": "wise old sage",
    "garden": "secret garden", "package": "treasure chest", "baker": "humble baker",
}) | {
    "very": "ever so", "money": "gold", "beautiful": "enchanting", "the street": "the winding lane",
}


def fairy_tale(text: str, rng: random.Random) -> str:
    """Open with `Once upon a time`, turn modern things into magic ones, add fairies and a happy end."""
    first, *others = full_sentences(replace_words(text, _TALE_WORDS))
    sentences = [led(rng.choice(_TALE_OPENINGS), first), *others]
    return " ".join([*with_asides(sentences, rng, _TALE_ASIDES), rng.choice(_TALE_ENDINGS)])


_NEWS_ALERTS = ("BREAKING NEWS:", "BREAKING:", "NEWS ALERT:", "This just in:", "Breaking tonight on Channel Nine:")
_NEWS_LEADS = (
    "We can now confirm:", "Our reporter at the scene adds:", "This has just reached our newsroom:",
    "In a stunning development,", "Just moments ago, we learned more:", "And new details are emerging:",
)
_NEWS_SOURCES = (
    "according to eyewitnesses", "officials say", "sources close to the matter report", "according to early reports",
    "authorities have confirmed", "witnesses told our crew",
)
_NEWS_ENDINGS = (
    "This is a developing story.", "Stay tuned for live updates.", "More on this as it comes in.",
    "Back to you in the studio.", "Full report at the top of the hour.",
)


def breaking_news(text: str, rng: random.Random) -> str:
    """Announce the text as a live news flash: an alert, unnamed sources, new details, a promise of updates."""
    sentences = with_leads(full_sentences(text), rng, _NEWS_LEADS, start=1)
    sentences[::2] = map(_attributed, sentences[::2], deck(_NEWS_SOURCES, rng))
    return " ".join([rng.choice(_NEWS_ALERTS), *sentences, rng.choice(_NEWS_ENDINGS)])


def _attributed(sentence: str, source: str) -> str:
    return f"{sentence.rstrip('.')}, {source}." if sentence.endswith(".") else sentence


_PLACES = ("Rose Cottage", "12 Mill Lane", "The Old Vicarage", "Harbour Street", "Elm House", "7 Station Road")
_LETTER_GREETINGS = ("My dear {},", "Dear {},", "Dearest {},", "Dear old {},", "My dear friend {},")
_LETTER_OPENINGS = (
    "I hope this letter finds you well.", "Forgive me for not writing sooner.", "Thank you for your last letter.",
    "It has been far too long.", "At last I find time to write.",
)
_LETTER_LEADS = ("You will smile at this:", "As I told the postman,", "Let me add this:", "I wish you had been here:")
_LETTER_WISHES = (
    "Do write back soon.", "Give my love to everyone.", "I look forward to your next letter.",
    "My paper is running out.", "Keep well until we meet again.",
)
_LETTER_FAREWELLS = ("Yours ever,", "With much love,", "Affectionately yours,", "Yours sincerely,", "Your old friend,")


def letter(text: str, rng: random.Random) -> str:
    """Lay the text out as a letter on paper: place and date, greeting, body, wishes, signature."""
    recipient, sender = rng.sample(_NAMES, 2)
    head = f"{rng.choice(_PLACES)}, {rng.randint(1, 28)} {rng.choice(_MONTHS)}"
    greeting = rng.choice(_LETTER_GREETINGS).format(recipient)
    sentences = with_leads(full_sentences(text), rng, _LETTER_LEADS, start=1, step=4)
    body = " ".join([rng.choice(_LETTER_OPENINGS), *sentences, rng.choice(_LETTER_WISHES)])
    return f"{head}\n\n{greeting}\n\n{body}\n\n{rng.choice(_LETTER_FAREWELLS)}\n{sender}"


_DIARY_GREETINGS = ("Dear Diary,", "Dear diary,", "My dear Diary,", "Dear Diary, it's me again.", "Oh, dear Diary!")
_DIARY_ASIDES = (
    "I can hardly believe it.", "I keep going over it in my head.", "There, now I have written it.",
    "I would never say this aloud, only here.", "What will I think, reading this in a year?",
)
_DIARY_ENDINGS = ("Goodnight, Diary.", "More tomorrow, Diary.", "That is all for tonight.", "Now to hide you again.")


def diary(text: str, rng: random.Random) -> str:
    """Write the text down as a dated entry in a secret diary, with private thoughts and a good night."""
    date = f"{rng.choice(_DAYS)}, {rng.choice(_MONTHS)} {rng.randint(1, 28)}"
    sentences = with_asides(full_sentences(text), rng, _DIARY_ASIDES, step=3)
    return f"{date}\n\n{rng.choice(_DIARY_GREETINGS)}\n\n{' '.join(sentences)} {rng.choice(_DIARY_ENDINGS)}"


_MAIL_SUBJECTS = ("{}", "Re: {}", "FYI: {}", "Quick update: {}", "Fwd: {}")
_MAIL_GREETINGS = ("Hi all,", "Hi {},", "Hello {},", "Hi team,", "Hey {},", "Good morning {},")
_MAIL_OPENINGS = ("Just a quick email:", "Quick heads-up:", "Thanks for your message.", "A short update from my side:")
_MAIL_REQUESTS = (
    "Let me know if you have any questions.", "Just hit reply if it's unclear.", "See the attachment for details.",
    "Feel free to forward this.", "Could you reply by Friday?",
)
_MAIL_FAREWELLS = ("Best regards,", "Best,", "Kind regards,", "Thanks,", "Cheers,")


def email(text: str, rng: random.Random) -> str:
    """Lay the text out as an e-mail: subject line, short greeting, body, request for a reply, sign-off."""
    recipient, sender = rng.sample(_NAMES, 2)
    sentences = full_sentences(text)
    subject = rng.choice(_MAIL_SUBJECTS).format(upper_first(_gist(sentences[0])))
    greeting = rng.choice(_MAIL_GREETINGS).format(recipient)
    body = f"{rng.choice(_MAIL_OPENINGS)} {' '.join(sentences)}\n\n{rng.choice(_MAIL_REQUESTS)}"
    return f"Subject: {subject}\n\n{greeting}\n\n{body}\n\n{rng.choice(_MAIL_FAREWELLS)}\n{sender}"


_SMALL_WORD = re.compile(
    "a|an|the|and|or|but|so|because|when|while|where|since|that|which|who|if|as|to|of|in|on|at|by|for|from|with|into|over|"
    "under|after|before|until|through|his|her|its|my|our|your|their|is|was|are|were|be|will|would|can|had|has", re.I
)


def _gist(sentence: str) -> str:
    """Return the first words of the longest clause, without small words at the end."""
    words = max(re.split(r"[,;:.!?\"]+(?:\s|$)", sentence), key=len).replace('"', "").split()[:6]
    while len(words) > 1 and _SMALL_WORD.fullmatch(words[-1]):
        words.pop()
    return " ".join(words)


def _lines(phrase: str) -> list[str]:
    """Break a phrase into lines of verse of at most seven words, best at commas and before small words."""
    words = phrase.split()
    if len(words) <= 7:
        return [upper_first(phrase)]
    is_small = [bool(_SMALL_WORD.fullmatch(word)) for word in words]

    def cost(n: int) -> float:
        bonus = 4 * (words[n - 1][-1] in ",;:") + 2 * is_small[n] - 4 * is_small[n - 1]
        return abs(n - len(words) / 2) - bonus

    middle = min(range(3, len(words) - 2), key=cost)
    return [*_lines(" ".join(words[:middle])), *_lines(" ".join(words[middle:]))]


_COUPLETS = (
    ("Beneath the slow and silver moon;", "Like the last bars of a tune."),
    ("While all the stars are burning bright;", "And softly, softly falls the night."),
    ("As gentle as the falling rain;", "As steady as the evening train."),
    ("And still the hours go drifting by;", "Like clouds across an autumn sky."),
    ("While swallows circle, quick and small;", "And ivy climbs the garden wall."),
    ("The wind sings on, as winds will do;", "And all things old are turning new."),
)


def poem(text: str, rng: random.Random) -> str:
    """Break the text into short lines, two sentences a stanza, each followed by one line of a rhymed couplet."""
    sentences, couplets = full_sentences(text), deck(_COUPLETS, rng)
    stanzas = []
    for n in range(0, len(sentences), 2):
        verses = [_lines(re.sub(r"(?<!\.)\.$", ",", sentence)) for sentence in sentences[n : n + 2]]
        rhymed = zip_longest(verses, next(couplets), fillvalue=())
        stanzas.append("\n".join(line for verse, rhyme in rhymed for line in (*verse, rhyme)))
    return "\n\n".join(stanzas)


_CHORUSES = (
    "Oh, oh, {0},\nNa na na, hey hey,\nOh, oh, {0}!", "{0}, yeah, yeah,\nLa la la, turn it up,\n{0}, yeah, yeah!",
    "Sing it loud: {0},\nWhoa-oh, whoa-oh!", "Baby, {0},\nOoh, ooh, clap your hands,\nBaby, {0}!",
)
_BACKING_VOCALS = ("(ooh, ooh)", "(oh yeah)", "(la la la)", "(hey, hey)", "(mm-hmm)", "(sha-la-la)")
_OUTROS = ("La la la, la la...", "Oh yeah, oh yeah... (fade out)", "Na na, na na na!", "Ooh, ooh... one last time!")


def song(text: str, rng: random.Random) -> str:
    """Set the text as verses with backing vocals; a chorus repeats its first main clause; an outro fades."""
    sentences = full_sentences(text)
    middle = (len(sentences) + 1) // 2
    hook = lower_first(_gist(sentences[0]))
    chorus = "\n".join(map(upper_first, rng.choice(_CHORUSES).format(hook).split("\n")))
    verses = [_sung(half, rng.choice(_BACKING_VOCALS)) for half in (sentences[:middle], sentences[middle:]) if half]
    parts = [f"[Verse {n}]\n{verse}" for n, verse in enumerate(verses, 1)]
    parts.insert(1, f"[Chorus]\n{chorus}")
    return "\n\n".join([*parts, f"[Outro]\n{rng.choice(_OUTROS)}"])


def _sung(sentences: list[str], backing_vocals: str) -> str:
    return "\n".join("\n".join(_lines(sentence.rstrip("."))) + f" {backing_vocals}" for sentence in sentences)


_SCENES = (
    "INT. KITCHEN - MORNING", "EXT. CITY STREET - NIGHT", "INT. SMALL APARTMENT - DAY", "EXT. TRAIN PLATFORM - DUSK",
    "INT. CAFE - LATER", "EXT. ROOFTOP - DAWN",
)
_ACTIONS = (
    "{}, 40s, turns slowly to the camera.", "Close on {}, who looks up.", "{} enters, wet from the rain.",
    "The camera finds {} at the window.", "{} sits alone. A clock ticks.",
)
_DIRECTIONS = ("beat", "softly", "looking away", "with a half smile", "leaning in", "after a pause", "to camera")


def screenplay(text: str, rng: random.Random) -> str:
    """Film the text: scene heading, a figure on screen, sentences spoken by a voice-over and the figure, a fade-out."""
    hero = rng.choice(_NAMES).upper()
    speakers = zip(cycle(("NARRATOR (V.O.)", hero)), deck(_DIRECTIONS, rng), full_sentences(text), strict=False)
    speeches = [f"{speaker}\n({direction})\n{sentence}" for speaker, direction, sentence in speakers]
    opening = ["FADE IN:", rng.choice(_SCENES), rng.choice(_ACTIONS).format(hero)]
    return "\n\n".join([*opening, *speeches, rng.choice(("FADE OUT.", "CUT TO BLACK.", "SMASH CUT TO: TITLE"))])


_PROMPTS = ("So, what's the story?", "Hey, you wanted to tell me something?", "Go on, I'm all ears.", "Well? Any news?")
_REPLIES = ("{}? Seriously?", "{}? You're joking.", "Wait, {}?", "{}? Tell me more.", "Hang on, {}?", "{}. And then?")
_LAST_REPLIES = ("{}! Well, I never.", "{}... I'd never have guessed.", "{}. Now I see.", "{}! Thanks for telling me.")
_OTHER_SIDE = {"i": "you", "me": "you", "my": "your", "we": "you", "us": "you", "our": "your", "you": "I", "your": "my"}


def dialogue(text: str, rng: random.Random) -> str:
    """Let one of two friends tell the text sentence by sentence; the other echoes the end of each and asks on."""
    teller, listener = rng.sample(_NAMES, 2)
    turns, replies = [f"{listener}: {rng.choice(_PROMPTS)}"], deck(_REPLIES, rng)
    *others, last = full_sentences(text)
    for sentence, reply in [*zip(others, replies, strict=False), (last, rng.choice(_LAST_REPLIES))]:
        turns += [f"{teller}: {sentence}", f"{listener}: {upper_first(reply.format(_echo(sentence)))}"]
    return "\n".join(turns)


def _echo(sentence: str) -> str:
    """Return the end of a sentence as the listener would repeat it: from a small word on, `my` turned to `your`."""
    words = re.split(r"[,;:] ", sentence.strip(".!?\"'() "))[-1].split()[-4:]
    start = next((n for n, word in enumerate(words[:-1]) if _SMALL_WORD.fullmatch(word)), -2)
    return replace_words(lower_first(" ".join(words[start:])), _OTHER_SIDE) or "what"


_FORMS = (fairy_tale, breaking_news, letter, diary, email, poem, song, screenplay, dialogue)
RULES = {rule.__name__: rule for rule in _FORMS}
