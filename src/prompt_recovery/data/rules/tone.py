"""A text and a random generator in, the same content out in a mood: cheerful, angry, romantic."""

import random
import re

from prompt_recovery.data.rules.framing import framed
from prompt_recovery.data.rules.rewording import reworded, without_contractions
from prompt_recovery.data.rules.sentences import exclaimed, full_sentences, lower_first

_CHEERFUL = {
    "openings": "Oh, happy day! | Yippee! | What a joy this is! | Good news, sunshine:",
    "asides": "Hooray! | How lovely is that! | Isn't life grand? | My heart sings! | Woohoo! | I'm beaming!",
    "endings": "Keep smiling! | Big hugs to everyone! | Life is beautiful! | Have a sparkling day!",
    "qualifiers": "lovely | splendid | delightful | darling",
    "words": "good=wonderful; nice=delightful; great=fabulous; small=cute little; big=gloriously big; "
             "rain=sparkling rain; dark=cosily dark; morning=sunny morning; evening=lovely evening; "
             "night=starry night; at night=by starlight; said=chirped; problem=fun little challenge; very=wonderfully; "
             "friend=wonderful friend; people=lovely people; walked=skipped",
}
_GLOOMY = {
    "openings": "Sigh. | The sky is grey again. | Nothing good ever lasts. | Not that it matters:",
    "asides": "What's the point? | It all ends badly anyway. | Nobody cares. | How bleak. | I feel so empty.",
    "endings": "Soon it will all be forgotten. | And still it rains. | Hope is for others. | It only gets worse.",
    "qualifiers": "bleak | joyless | forlorn | hopeless",
    "words": "good=bearable; nice=bearable; happy=briefly less miserable; new=already fading; morning=grey morning; "
             "evening=joyless evening; night=endless night; at night=in dead of night; day=dreary day; warm=lukewarm; "
             "bright=pale; friend=last remaining friend; food=tasteless food; garden=withered garden; "
             "sun=pale, useless sun; children=weary children; people=lonely people; laughed=laughed without joy; "
             "enjoyed=endured; story=sad old story; party=dismal party",
}
_SARCASTIC = {
    "openings": "Oh, great. | Wow, stop the presses. | Hold on to your hats. | Just what we all needed:",
    "leads": "Surprise, surprise: | And, naturally, | Oh, and get this: | In totally unexpected news,",
    "asides": "How thrilling. | Shocking, I know. | Yeah, right. | Slow clap. | Give that one a medal.",
    "endings": "Try to contain your excitement. | Truly, a tale for the ages. | What could go wrong? | Bravo.",
    "qualifiers": "ever-so-thrilling | oh-so-special | absolutely fascinating | world-changing",
    "words": "good=oh-so-wonderful; great=oh-so-great; very=oh so very; finally=at long, long last; "
             "important=terribly important; promised=solemnly promised; idea=genius idea; friend=dear, dear friend; "
             "boss=glorious leader; a meeting=a riveting meeting; story=gripping story; food=fine dining; "
             "rain=delightful drizzle; noticed=brilliantly noticed; somebody=some genius; nobody=absolutely nobody",
}
_ANGRY = {
    "openings": "I am FURIOUS! | Are you kidding me?! | This makes my blood boil! | For crying out loud!",
    "asides": "ENOUGH! | What an outrage! | How dare they! | I've had it! | It drives me mad! | Utterly infuriating!",
    "endings": "And I'm NOT calming down! | Somebody will pay for this! | I am DONE! | Don't tell me to relax!",
    "qualifiers": "damn | bloody | wretched | stupid",
    "words": "never=NEVER; always=ALWAYS; again=AGAIN; still=STILL; every=EVERY SINGLE; all=ALL; nobody=NOBODY; "
             "nothing=NOTHING; very=so damn; only=ONLY; must=MUST; without=WITHOUT; until=UNTIL; before=BEFORE; "
             "people=idiots; boss=useless boss; friend=so-called friend; said=snapped; walked=stormed; closed=slammed; "
             "phone=blasted phone; day=rotten day; somebody=some idiot; problem=disaster; small=pathetic little",
}
_NERVOUS = {
    "openings": "Oh no, oh dear. | Um, okay, deep breaths: | S-sorry, I'm shaking. | Please don't be mad at me.",
    "asides": "What if it all goes wrong? | Oh gosh. | My palms are sweating. | Is that bad? | I can't look. | Gulp.",
    "endings": "I need to sit down. | Sorry, sorry, sorry. | Did I say something wrong? | Oh no, what have I done?",
}
_NERVOUS_WORDS = (
    "very=really, really; dark=horribly dark; old=creaky old; people=strangers; night=scary night; "
    "at night=in the scary dark; noise=awful noise; question=tricky question; sure=almost sure; alone=all alone; "
    "said=stammered; heavy=worryingly heavy; deep=frighteningly deep; hot=dangerously hot"
)
_POLITE = {
    "openings": "Excuse me, if I may: | I beg your pardon. | With your kind permission, | Pray forgive me:",
    "leads": "If I may add, | With the greatest respect, | If it is no trouble, | May I kindly mention:",
    "asides": "Thank you ever so much. | I do hope that is all right. | So sorry to trouble you. | Much obliged.",
    "endings": "Thank you for your patience. | Please do forgive me. | Most gratefully. | With my warmest thanks.",
    "words": "i want=I would like; we want=we would like; can you=would you be so kind as to; "
             "could you=would you be so kind as to; asked=politely asked; told=kindly told; said=graciously said; "
             "man=gentleman; men=gentlemen; woman=lady; women=ladies; people=good people; send=kindly send; "
             "bring=kindly bring; take=kindly take; let=kindly let; add=kindly add; stir=kindly stir; "
             "pour=kindly pour; bad=less than ideal; friend=dear friend; neighbour=kind neighbour",
}
_DRAMATIC = {
    "openings": "Behold! | Cruel, merciless fate! | Brace yourselves! | Darkness. A trembling hand. And then:",
    "asides": "Gasp! | Silence fell. Deadly silence. | Thunder rolled. | The very earth shook. | Rivers of tears!",
    "endings": "Nothing was ever the same. | The rest... is destiny. | And then: darkness. | Oh, the agony!",
    "qualifiers": "doomed | dreadful | accursed | trembling",
    "words": "said=cried; looked at=stared in horror at; walked=staggered; very=unspeakably; cold=ice-cold; "
             "dark=pitch-black; night=fateful night; at night=in blackest night; day=fateful day; "
             "evening=fateful evening; rain=torrential rain; wind=howling wind; sea=raging sea; old=ancient; "
             "small=fragile; big=monstrous; wanted to=yearned to; door=creaking door; problem=catastrophe; "
             "broken=shattered; happy=overcome with joy; promised=swore; waited=waited in agony; opened=flung open; "
             "closed=slammed shut; nobody=not one living soul",
}
_CONSPIRATORIAL = {
    "openings": "Psst, come closer. | They don't want you to know this. | Is this line secure? | Tell no one:",
    "asides": "Coincidence? I think not. | Wake up. | Ask who profits. | Connect the dots. | They hushed that up.",
    "endings": "Burn this after reading. | That's what they want you to believe. | Trust no one. | They are watching.",
    "qualifiers": "so-called | alleged | suspicious | mysterious",
    "words": "said=claimed; people=sheep; company=shadowy company; government=deep-state government; "
             "phone=bugged phone; computer=monitored computer; a meeting=a secret meeting; boss=puppet master; "
             "a plan=a secret plan; letter=coded letter; car=unmarked car; bus=unmarked bus; "
             "because=supposedly because; story=cover story; house=safe house; noticed=secretly noticed; "
             "promised=supposedly promised; somebody=an unnamed source; nobody=nobody who will talk",
}
_ROMANTIC = {
    "openings": "My love, | Darling, | Sweetheart, | Beloved of my heart, | Let me whisper this in your ear:",
    "asides": "My heart beats for you. | I dream of your lips. | Hold me. | You are my star. | I ache for you.",
    "endings": "I am yours, forever. | Kiss me beneath the moon. | My heart belongs to you. | I whisper your name.",
    "qualifiers": "tender | sweet | blushing | dreamy",
    "words": "night=moonlit night; at night=by moonlight; evening=candlelit evening; morning=rose-tinted morning; "
             "day=dreamy day; looked at=gazed at; eyes=starlit eyes; flower=red rose; garden=rose garden; "
             "friend=beloved friend; voice=velvet voice; good=heavenly; nice=enchanting; "
             "beautiful=breathtakingly beautiful; rain=soft summer rain; sea=moonlit sea; dinner=candlelight dinner; "
             "room=candlelit room; said=whispered; wanted to=longed to; walked=strolled dreamily; letter=love letter; "
             "love letter=love letter; song=love song",
}
_BOASTFUL = {
    "openings": "Nobody does it like me: | Prepare to be amazed. | Feast your eyes on this. | Watch a genius:",
    "leads": "Thanks to me, of course, | Thanks to my genius, | As only I can say, | Thanks to my flawless taste,",
    "asides": "Jealous yet? | I'm that good. | Try to top that. | I impress even myself. | Only legends compare.",
    "endings": "You're welcome, world. | Applause, please. | Beat that. | And I wasn't even trying.",
    "qualifiers": "magnificent | legendary | world-famous | flawless",
    "determiner": "my|our",
    "words": "good=second-to-none; nice=superb; big=record-breaking; new=award-winning; very=insanely; "
             "small=compact but legendary; friend=biggest fan; people=admirers; best=best ever; "
             "quickly=in record time; slowly=with supreme control; finally=triumphantly; found=brilliantly found; "
             "made=masterfully made; noticed=instantly noticed; idea=genius idea; house=mansion; car=sports car; "
             "money=fortune; opened=boldly opened; everyone=every last fan; nobody=no lesser talent",
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
    return framed(exclaimed(full_sentences(text)), rng, **_ANGRY)


def nervous(text: str, rng: random.Random) -> str:
    """Tremble: s-stutters, `um` after commas, sentences that trail off..., worries and apologies."""
    sentences = [_stuttered(reworded(sentence, _NERVOUS_WORDS), rng) for sentence in full_sentences(text)]
    sentences[::2] = [re.sub(r"(?<!\.)\.$", "...", sentence) for sentence in sentences[::2]]
    return framed(sentences, rng, **_NERVOUS)


def _stuttered(sentence: str, rng: random.Random) -> str:
    """Stutter on the first word and on another one; say `um` after the first comma."""
    words = sentence.split(" ")
    for n in sorted({0, rng.randrange(len(words))}):
        if words[n][:1].isalpha():
            words[n] = f"{words[n][0]}-{lower_first(words[n])}"
    return " ".join(words).replace(", ", ", um, ", 1)


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
    return framed(full_sentences(text), rng, **_BOASTFUL)


_TONES = (cheerful, gloomy, sarcastic, angry, nervous, polite, dramatic, conspiratorial, romantic, boastful)
RULES = {rule.__name__: rule for rule in _TONES}
