"""A text and a random generator in, the same content out in a mood: cheerful, angry, romantic."""

import random
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import cycle

from prompt_recovery.data.rules.persona import full_sentences, led, nouns, with_asides, with_leads
from prompt_recovery.data.rules.sentences import lower_first, replace_words


def framed(
    sentences: Sequence[str], rng: random.Random, openings: str, endings: str, words: str, leads="", asides=""
) -> str:
    """Replace words; add an opening, an ending, and between them leads and asides at every other sentence.

    Phrases are separated by ` | `, words by `; ` (see `lexicon`).
    """
    sentences = [replace_words(sentence, _inflected(words)) for sentence in sentences]
    if leads:
        sentences = with_leads(sentences, rng, leads.split(" | "), start=1)
    if asides:
        sentences = [*with_asides(sentences[:-1], rng, asides.split(" | ")), sentences[-1]]
    opening, (first, *others) = rng.choice(openings.split(" | ")), sentences
    start = led(opening, first) if opening[-1] in ",:" else f"{opening} {first}"
    return " ".join([start, *others, rng.choice(endings.split(" | "))])


def lexicon(words: str) -> dict[str, str]:
    """Read `old=new; old=new`."""
    return dict(pair.split("=") for pair in words.split("; "))


@cache
def _inflected(words: str) -> dict[str, str]:
    """Return the lexicon, with `-s` (plurals, verbs) and with `a` or `an` as well."""
    return nouns(lexicon(words)) | lexicon(words)


def exclaimed(sentences: Sequence[str]) -> list[str]:
    """End every statement in an exclamation mark."""
    return [re.sub(r"\.+([\"')\]]*)$", r"!\1", sentence) for sentence in sentences]


def qualified(text: str, determiner: str, qualifiers: Iterator[str]) -> str:
    """Put the next qualifier, which may be empty, after every determiner that a plain word in small letters follows."""
    plain = rf"\b({determiner}) (?!same|first|last|next|only|other|one|two|more|own|\w+est\b)(?=[a-z])"
    return re.sub(plain, lambda match: f"{match[1]} {next(qualifiers)} ".replace("  ", " "), text, flags=re.IGNORECASE)


_SHORT_FORMS = lexicon(
    "can't=cannot; won't=will not; shan't=shall not; let's=let us; it's been=it has been; there's been=there has been"
) | {f"{word}'s": f"{word} is" for word in "it he she that there here what where who how".split()}
_SHORT_ENDINGS = (
    (r"n't (I|you|he|she|it|we|they)\b", r" \1 not"), (r"n't\b", " not"), (r"'m\b", " am"), (r"'re\b", " are"),
    (r"'ve\b", " have"), (r"(?<=\w)'ll\b", " will"),
)


def without_contractions(text: str) -> str:
    """Write out `don't`, `I'm`, `it's` and their like."""
    text = replace_words(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"), _SHORT_FORMS)
    for ending, full in _SHORT_ENDINGS:
        text = re.sub(ending, full, text)
    return text


_CHEERFUL = {
    "openings": "Oh, happy day! | Yippee! | What a joy this is! | Good news, sunshine:",
    "asides": "Hooray! | How lovely is that! | Isn't life grand? | That makes my heart sing! | Woohoo! | "
              "I can't stop smiling!",
    "endings": "Keep smiling! | Big hugs to everyone! | Life is beautiful! | Have a sparkling day!",
    "words": "good=wonderful; nice=delightful; great=fabulous; old=charming old; small=cute little; "
             "big=gloriously big; cold=refreshingly cool; rain=sparkling rain; dark=cosy; morning=sunny morning; "
             "evening=lovely evening; night=starry night; day=lovely day; said=chirped; problem=fun little challenge; "
             "very=wonderfully; friend=wonderful friend; food=scrumptious food; room=sunny room; house=happy home; "
             "garden=blooming garden; people=lovely people; somebody=some lovely soul; children=giggling children; "
             "kitchen=cosy kitchen; bad=not-so-bad; walked=skipped",
}
_GLOOMY = {
    "openings": "Sigh. | The sky is grey again. | Nothing good ever lasts. | Not that it matters, but",
    "asides": "What's the point? | It all ends badly anyway. | Nobody cares. | How bleak. | I feel so empty. | "
              "Another small defeat.",
    "endings": "Soon it will all be forgotten. | And still it rains. | Hope is for other people. | "
               "It will only get worse.",
    "words": "good=bearable; nice=bearable; great=almost bearable; happy=briefly less miserable; new=already fading; "
             "morning=grey morning; evening=joyless evening; night=endless night; day=dreary day; "
             "room=cold, empty room; smile=tired smile; warm=barely warm; bright=pale; light=dying light; "
             "house=silent house; town=rain-soaked town; friend=last remaining friend; food=tasteless food; "
             "garden=withered garden; sun=pale, useless sun; children=weary children; people=lonely people; "
             "laughed=laughed without joy; enjoyed=endured; story=sad old story; music=mournful music; "
             "work=thankless work; water=murky water; table=bare table; hope=hope in vain",
}
_SARCASTIC = {
    "openings": "Oh, great. | Wow, stop the presses. | Hold on to your hats, everybody. | "
                "Because this is just what we needed:",
    "leads": "Surprise, surprise: | And, naturally, | Oh, and get this: | In totally unexpected news,",
    "asides": "How thrilling. | Shocking, I know. | Yeah, right. | Slow clap. | Give that one a medal. | "
              "Because of course.",
    "endings": "I can hardly contain my excitement. | Truly, a tale for the ages. | What could possibly go wrong? | "
               "My life is complete now.",
    "words": "good=oh-so-wonderful; great=oh-so-great; very=oh so very; finally=at long, long last; "
             "important=terribly important; promised=solemnly promised; plan=brilliant plan; idea=genius idea; "
             "friend=dear, dear friend; boss=glorious leader; meeting=riveting meeting; story=gripping story; "
             "people=fine people; food=fine dining; rain=delightful drizzle; work=glamorous work; job=dream job; "
             "bus=luxurious bus; office=magical office; email=thrilling email; evening=thrilling evening; "
             "room=palatial room; noticed=brilliantly noticed; explained=so helpfully explained; somebody=some genius; "
             "nobody=absolutely nobody, what a shock,; always=always, bless them,; kitchen=gourmet kitchen",
}
_ANGRY = {
    "openings": "I am FURIOUS! | Are you kidding me?! | This makes my blood boil! | For crying out loud!",
    "asides": "ENOUGH! | What an outrage! | How dare they! | I've had it! | It drives me mad! | Utterly infuriating!",
    "endings": "And I'm NOT calming down! | Somebody is going to pay for this! | I am DONE! | "
               "Don't you dare tell me to relax!",
    "words": "never=NEVER; always=ALWAYS; again=AGAIN; still=STILL; every=EVERY SINGLE; all=ALL; nobody=NOBODY; "
             "nothing=NOTHING; very=so damn; only=ONLY; must=MUST; without=WITHOUT; until=UNTIL; before=BEFORE; "
             "people=idiots; boss=useless boss; friend=so-called friend; meeting=ridiculous meeting; said=snapped; "
             "asked=demanded; walked=stormed; went=stormed; put=slammed; closed=slammed; phone=blasted phone; "
             "day=rotten day; somebody=some idiot; problem=disaster; small=pathetic little; old=rotten old",
}
_NERVOUS = {
    "openings": "Oh no, oh dear. | Um, okay, deep breaths: | S-sorry, I'm shaking. | Please don't be mad at me.",
    "asides": "What if it all goes wrong? | Oh gosh. | My palms are sweating. | Is that bad? | I can't look. | "
              "My heart is racing.",
    "endings": "I-I need to sit down. | Sorry, sorry, sorry. | Did I say something wrong? | Oh no, what have I done?",
    "words": "very=really, really; now=now, I guess,; dark=horribly dark; old=creaky old; phone=phone, oh no,; "
             "will=will, hopefully,; door=door, gulp,; think=think, maybe,; always=always, well, nearly always,; "
             "people=strangers; everyone=everyone, even strangers,; night=scary night; noise=awful noise; "
             "question=tricky question",
}
_POLITE = {
    "openings": "Excuse me, if I may: | I beg your pardon for the interruption. | With your kind permission, | "
                "Forgive me for troubling you.",
    "leads": "If I may add, | With the greatest respect, | If it is no trouble, | May I kindly mention:",
    "asides": "Thank you ever so much. | I do hope that is all right. | So sorry to bother you with this. | "
              "Much obliged.",
    "endings": "Thank you so very much for your patience. | Please do forgive any inconvenience. | "
               "I would be ever so grateful for a reply. | With my warmest thanks.",
    "words": "want=would like; wants=would like; can you=would you be so kind as to; "
             "could you=would you be so kind as to; you must=you might kindly; you need to=you might kindly; "
             "asked=politely asked; told=kindly told; said=graciously said; man=gentleman; men=gentlemen; woman=lady; "
             "women=ladies; boss=esteemed boss; people=good people; give me=kindly give me; send=kindly send; "
             "bring=kindly bring; take=kindly take; let=kindly let; add=kindly add; bad=less than ideal; "
             "wrong=perhaps not quite right; friend=dear friend; neighbour=kind neighbour; customer=valued guest; "
             "somebody=a kind person; please=if you would be so kind, please",
}
_DRAMATIC = {
    "openings": "Behold! | Cruel, merciless fate! | Brace yourselves, for destiny has struck! | "
                "Darkness. A trembling hand. And then:",
    "asides": "Gasp! | Silence fell. Deadly silence. | Thunder rolled across the heavens. | "
              "The very earth held its breath. | And tears, rivers of tears!",
    "endings": "Nothing would ever be the same again. | The rest... is destiny. | And then: darkness. | "
               "Who could survive such agony?",
    "words": "said=cried; asked=begged; looked=stared in horror; walked=staggered; went=plunged; very=unspeakably; "
             "cold=ice-cold; dark=pitch-black; night=fateful night; day=fateful day; morning=fateful morning; "
             "evening=fateful evening; rain=torrential rain; wind=howling wind; sea=raging sea; old=ancient; "
             "small=fragile; big=monstrous; wanted=yearned; door=creaking door; problem=catastrophe; broken=shattered; "
             "happy=overcome with joy; sad=inconsolable; question=burning question; silence=deathly silence; "
             "letter=fatal letter; promised=swore; waited=waited in agony; opened=flung open; closed=slammed shut; "
             "silent=deathly silent; heart=bleeding heart",
}
_CONSPIRATORIAL = {
    "openings": "Psst, come closer. | They don't want you to know this. | Is this line secure? Good. | "
                "Don't say where you got this:",
    "asides": "Coincidence? I think not. | Wake up. | Ask yourself who profits. | "
              "That's what they want you to believe. | Connect the dots. | They kept that out of the papers.",
    "endings": "Burn this after reading. | You didn't hear it from me. | Trust no one. | They are watching. Always.",
    "words": "said=claimed; officials=so-called officials; people=sheep; company=shadowy company; "
             "government=deep-state government; expert=paid expert; happened=was made to happen; "
             "accident=staged accident; phone=bugged phone; camera=hidden camera; computer=monitored computer; "
             "meeting=secret meeting; boss=puppet master; plan=secret plan; letter=coded letter; man=man in black; "
             "car=unmarked car; bus=unmarked bus; because=supposedly because; bird=surveillance bird; "
             "water=fluoridated water; weather=engineered weather; rain=artificial rain; story=cover story; "
             "name=code name; house=safe house; reason=official reason; noticed=secretly noticed; "
             "promised=supposedly promised; somebody=an unnamed source; nobody=nobody who will talk; "
             "neighbour=watchful neighbour",
}
_ROMANTIC = {
    "openings": "My love, | Darling, | Sweetheart, | Beloved of my heart, | Let me whisper this in your ear:",
    "asides": "How my heart beats for you. | I dream of your lips. | Hold me closer. | Your eyes are my stars. | "
              "You take my breath away. | I ache for your touch.",
    "endings": "I am yours, forever. | Kiss me beneath the moon. | My heart belongs to you alone. | "
               "Every breath I take whispers your name.",
    "words": "night=moonlit night; evening=candlelit evening; morning=rose-tinted morning; day=dreamy day; "
             "looked=gazed; eyes=starlit eyes; hand=tender hand; flower=red rose; garden=rose garden; "
             "friend=beloved friend; voice=velvet voice; smile=tender smile; good=heavenly; nice=enchanting; "
             "beautiful=breathtakingly beautiful; warm=warm as an embrace; rain=soft summer rain; sea=moonlit sea; "
             "music=sweet serenade; dinner=candlelight dinner; table=candlelit table; light=candlelight; "
             "room=candlelit room; said=whispered; told=whispered to; wanted=longed; want=long; "
             "walked=strolled hand in hand; heart=longing heart; letter=love letter; song=love song; "
             "water=silvery water; window=moonlit window",
}
_BOASTFUL = {
    "openings": "Nobody does it like me, and here's proof: | Prepare to be amazed by me. | "
                "As the greatest of all time, I can tell you: | Feast your eyes on my latest triumph.",
    "leads": "Thanks to me, of course, | Thanks to my genius, | As only I could tell you, | "
             "And, thanks to my flawless instincts,",
    "asides": "Jealous yet? | I'm that good. | Try to top that. | Even I was impressed by me. | "
              "Legends have done less.",
    "endings": "You're welcome, world. | Applause, please. | Yet another triumph for yours truly. | "
               "And I wasn't even trying.",
    "words": "good=second-to-none; nice=superb; big=record-breaking; new=award-winning; very=insanely; "
             "small=compact but legendary; friend=biggest fan; people=admirers; best=best ever; "
             "quickly=in record time; slowly=with supreme control; finally=triumphantly; found=brilliantly found; "
             "made=masterfully made; helped=heroically helped; noticed=instantly noticed; idea=genius idea; "
             "plan=master plan; house=mansion; car=sports car; money=fortune; story=legend; kept=expertly kept; "
             "opened=boldly opened; carried=effortlessly carried; room=penthouse suite; everyone=each and every fan; "
             "everybody=each and every fan; somebody=some lesser talent; nobody=no lesser talent",
}


def cheerful(text: str, rng: random.Random) -> str:
    """Beam with joy: exclamation marks, hoorays, sunny words for plain ones, good wishes at the end."""
    return framed(exclaimed(full_sentences(text)), rng, **_CHEERFUL)


def gloomy(text: str, rng: random.Random) -> str:
    """Sigh over everything: dreary adjectives, hopeless remarks, no exclamation marks, no consolation."""
    return framed(full_sentences(text.replace("!", ".")), rng, **_GLOOMY)


def sarcastic(text: str, rng: random.Random) -> str:
    """Mock it all: false enthusiasm, surprise that is none, overblown praise for everyday things."""
    return framed(full_sentences(text), rng, **_SARCASTIC)


def angry(text: str, rng: random.Random) -> str:
    """Rage: words in capitals, curses before things, exclamation marks, outbursts and threats."""
    cursed = qualified(text, "the", cycle(rng.sample(("damn", "bloody", "wretched", "", ""), 5)))
    return framed(exclaimed(full_sentences(cursed)), rng, **_ANGRY)


def nervous(text: str, rng: random.Random) -> str:
    """Tremble: s-stutters, `um` after commas, sentences that trail off..., worries and apologies."""
    sentences = [_stuttered(sentence, rng) for sentence in full_sentences(text)]
    sentences[::2] = [re.sub(r"(?<!\.)\.$", "...", sentence) for sentence in sentences[::2]]
    return framed(sentences, rng, **_NERVOUS)


def _stuttered(sentence: str, rng: random.Random) -> str:
    """Stutter on the first word and on another one; say `um` after the first comma."""
    words = sentence.replace(", ", ", um, ", 1).split(" ")
    for n in {0, rng.randrange(len(words))}:
        words[n] = re.sub(r"^([A-Za-z])(?=[a-z]|$)", lambda match, word=words[n]: f"{match[1]}-{lower_first(word)[0]}", words[n])
    return " ".join(words)


def polite(text: str, rng: random.Random) -> str:
    """Be exquisitely courteous: beg pardon, ask leave, `kindly` before requests, thanks upon thanks."""
    return framed(full_sentences(without_contractions(text)), rng, **_POLITE)


def dramatic(text: str, rng: random.Random) -> str:
    """Make a tragedy of it: fateful adjectives, a pause... before the last words, gasps, thunder, destiny."""
    sentences = exclaimed(full_sentences(text))
    sentences[::2] = [re.sub(r"(\w) (\w+ \w+!)$", r"\1... \2", sentence) for sentence in sentences[::2]]
    return framed(sentences, rng, **_DRAMATIC)


def conspiratorial(text: str, rng: random.Random) -> str:
    """Whisper of a plot: secret, bugged and so-called things, knowing remarks, a warning to trust no one."""
    return framed(full_sentences(text), rng, **_CONSPIRATORIAL)


def romantic(text: str, rng: random.Random) -> str:
    """Woo the beloved: moonlight, roses and candles, sighs of love between the sentences, a vow."""
    return framed(full_sentences(text), rng, **_ROMANTIC)


def boastful(text: str, rng: random.Random) -> str:
    """Brag: magnificent possessions, superlatives, all thanks to me, a call for applause."""
    praised = qualified(text, "my|our", cycle(rng.sample(("magnificent", "legendary", "world-famous", "flawless"), 4)))
    return framed(full_sentences(praised), rng, **_BOASTFUL)


RULES = {
    rule.__name__: rule
    for rule in (cheerful, gloomy, sarcastic, angry, nervous)
    + (polite, dramatic, conspiratorial, romantic, boastful)
}
