"""A text and a random generator in, the same content out in the voice or register of someone: a pirate, a lawyer."""

import random
import re

from prompt_recovery.data.rules.framing import enclosed, framed, with_asides
from prompt_recovery.data.rules.rewording import lexicon, without_contractions
from prompt_recovery.data.rules.sentences import exclaimed, full_sentences, replace_words

_PIRATE = {
    "openings": "Ahoy, mateys! | Avast, ye landlubbers! | Gather round, me hearties! | Yo ho ho, shipmates!",
    "asides": "Arr! | Aye, by Davy Jones' beard! | Shiver me timbers! | Blow me down! | Yo ho! | Arrr, so it be!",
    "endings": "Pass the rum, ye scurvy dogs! | Or make me walk the plank! | Hoist the black flag! | Now haul anchor!",
    "words": "friend=matey; boss=cap'n; car=sloop; bus=galleon; house=cabin; woman=lass; man=buccaneer; girl=lass; "
             "box=treasure chest; kitchen=galley; thief=scallywag; my=me; you=ye; your=yer; is=be; are=be; am=be; "
             "of=o'; and=an'; for=fer; yes=aye; money=doubloons; people=scallywags; before=afore; "
             "children=young swabbies; everyone=all hands; everybody=all hands; nobody=nary a soul",
}
_SHAKESPEAREAN = {
    "openings": "Hark, gentle souls! | O, lend thine ear to this: | Soft! What tale is here? | Good my lord, attend:",
    "asides": "Alack the day! | O, wondrous strange! | Fie upon it! | Marry, so it is! | Ay me! | O sweet Fortune!",
    "endings": "So turns the wheel, and we poor souls must spin. | And more than this no mortal tongue may tell. | "
               "Thus speaks the hour, and thus the heart must hear. | Good night, and let thy candles softly burn.",
    "words": "it is='tis; it was='twas; it will='twill; has=hath; does=doth; often=oft; over=o'er; never=ne'er; "
             "between=betwixt; nothing=naught; maybe=mayhap; before=ere; soon=anon; enough=enow; please=prithee; "
             "evening=eventide; morning=morn; came=did come; went=did go; took=did take; saw=did see; knew=did know; "
             "fell=did fall; ran=did run; friend=good cousin; said=quoth; says=saith; comes=cometh; needs=needeth; "
             "knows=knoweth; wants=desireth; your=thy; girl=maiden; very=most; beautiful=fair; gave=did give; "
             "began=did begin; you=thou; wanted=did desire; nobody=no mortal; somebody=some soul; everyone=every soul; "
             "everybody=every soul",
}
_THOU = lexicon(
    "you are=thou art; you have=thou hast; you will=thou wilt; you can=thou canst; you do=thou dost; are you=art thou; "
    "have you=hast thou; will you=wilt thou; can you=canst thou; do you=dost thou; did you=didst thou; you should=thou "
    "shouldst; you could=thou couldst; you would=thou wouldst; you know=thou knowest; you need=thou needest"
)
_THEE = re.compile(r"\b((?:to|for|with|from|of|at|on|about|tell|told|give|gave|let|thank|help|send) )you\b", re.I)
_COWBOY = {
    "openings": "Howdy, partner! | Well, butter my biscuit! | Saddle up and listen here: | Pull up a hay bale:",
    "asides": "Yee-haw! | I tell ya what. | Well, dagnabbit! | Sure as shootin'. | Giddy up! | Dang right.",
    "endings": "Happy trails, partner. | Now pass them campfire beans. | Time to water my horse. | "
               "Sunset's callin' me.",
    "words": "car=wagon; bus=stagecoach; restaurant=saloon; house=ranch; friend=pardner; boss=sheriff; "
             "street=dusty trail; road=dusty trail; dog=hound dog; person=feller; man=feller; woman=gal; food=grub; "
             "dinner=grub; very=mighty; really=mighty; think=reckon; thought=reckoned; isn't=ain't; aren't=ain't; "
             "is not=ain't; are not=ain't; old=ol'; people=folks; children=young'uns; about='bout; until='til; "
             "because='cause; little=li'l; them='em; you'll=y'all will; you=y'all; somebody=some feller; "
             "nobody=no feller",
}
_ROBOT = {
    "openings": "Beep boop. Greetings, human. | System online. Bzzt. | Output module activated. | "
                "Whirr. Data file loaded:",
    "asides": "Bzzt. | Processing... done. | Probability of error: 2 percent. | Beep. | Whirr, click. | Data stored.",
    "endings": "Powering down. Beep. | Awaiting next command, human. | Battery at 4 percent. | Rebooting in 3, 2, 1.",
    "leads": "Fact retrieved: | Input parsed: | Observation 7: | Subroutine 12 reports:",
    "words": "person=human; friend=compatible unit; idea=algorithm; answer=output; question=query; people=humans; "
             "children=small humans; everyone=all humans; everybody=all humans; somebody=one human; nobody=no human; "
             "happy=fully charged; tired=low on battery; think=compute; food=organic fuel; noticed=detected; "
             "heard=detected; good=optimal; best=optimal; bad=suboptimal; remember=retrieve from memory; "
             "hands=manipulators; eyes=optical sensors; very=100 percent",
}
_ROBOT_FORMS = dict.fromkeys("could would should will can must may had went came saw took gave found".split(), "") | (
    dict.fromkeys("want need like love hope live work know believe feel see make take walk keep use".split(), "s"))
_SLANG = {
    "openings": "Yo, check it: | Bruh, no cap, | Aight fam, | Yo dude, straight up, | Lowkey gotta spill this, homie:",
    "asides": "No cap. | Straight fire, bruh. | For real, for real. | That's wild, yo. | Big mood. | Facts.",
    "endings": "Peace out, fam. | And that's the tea, sis. | Bet. | It is what it is, bro. | Catch ya later, dawg.",
    "leads": "Like, | Not gonna lie, | Lowkey, | Real talk:",
    "words": "friend=homie; car=whip; house=crib; man=dude; person=dude; party=rager; mistake=epic fail; isn't=ain't; "
             "aren't=ain't; is not=ain't; are not=ain't; want to=wanna; have to=gotta; has to=gotta; because='cuz; "
             "out of=outta; let me=lemme; nothing=zilch; food=munchies; money=cash; people=peeps; somebody=some dude; "
             "nobody=no dude; everyone=the whole squad; everybody=the whole squad; good=dope; great=lit; bad=wack; "
             "happy=stoked; shoes=kicks; tired=wiped; small=lil; little=lil; very=hella; strange=sus; beautiful=fire; "
             "you=ya; your=yo'",
}
_TEXT_OPENINGS = ("hey u there?", "omg ok so", "heyyy", "k so", "yoohoo u up?", "hiya got a min?")
_TEXT_ASIDES = ("lol", "tbh", "omg", "jk", "idk", "rofl", "smh", "ngl")
_TEXT_ENDINGS = ("ttyl", "gtg xx", "brb", "c u l8r", "txt me bk", "thx bye xo")
_TEXT_WORDS = lexicon(
    "you=u; your=ur; you're=ur; are=r; before=b4; great=gr8; later=l8r; late=l8; tomorrow=2moro; tonight=2nite; see=c; "
    "today=2day; why=y; please=pls; thanks=thx; because=cuz; people=ppl; with=w/; without=w/o; and=n; about=abt; "
    "the=da; that=dat; someone=sum1; somebody=sum1; everyone=evry1; everybody=evry1; anyone=any1; minutes=mins; "
    "hours=hrs; be=b; week=wk; really=rly; very=v; love=luv; night=nite; have=hv; from=frm; what=wat; just=jst; "
    "when=wen; good=gd; back=bk"
)
_FORMAL = {
    "openings": "I have the honour to report: | Permit me to set out the facts: | I beg to report: | "
                "I wish to state the following:",
    "leads": "Moreover, | In addition, | In this regard, | With respect to the above, | It must further be observed:",
    "endings": "I remain at your disposal. | I trust that this is satisfactory. | Your consideration is appreciated. | "
               "I submit this for your attention.",
    "words": "bought=purchased; buy=purchase; told=informed; help=assist; helped=assisted; need to=have to; "
             "need=require; needed=required; start=commence; started=commenced; began=commenced; stopped=ceased; "
             "try to=endeavour to; tried to=endeavoured to; want to=wish to; very=exceedingly; many=numerous; "
             "a lot of=a great deal of; house=residence; job=occupation; boss=superior; people=persons; "
             "nobody=no individual; somebody=a certain individual; everybody=each individual; "
             "everyone=each individual; now=at present; soon=in due course; again=once more; maybe=possibly; "
             "found=discovered; went to=proceeded to; finally=ultimately; big=considerable; , but=. However,; "
             "good=commendable",
}
_LEGALESE = {
    "openings": "KNOW ALL MEN BY THESE PRESENTS: | THIS AGREEMENT WITNESSETH: | WHEREAS, | BY THIS DEED it is agreed:",
    "leads": "AND WHEREAS, | PROVIDED ALWAYS: | NOTWITHSTANDING the foregoing, | It is hereby further stipulated:",
    "endings": "IN WITNESS WHEREOF, the parties have signed. | All rights reserved. | "
               "This clause shall survive termination. | Any breach hereof shall be actionable at law.",
    "qualifiers": "said | aforementioned | aforesaid",
    "words": "house=dwelling unit; car=motor vehicle; person=natural person; shop=commercial premises; will=shall; "
             "if=in the event that; as if=as if; because=inasmuch as; until=until such time as; until then=until then; "
             "everyone=all parties; everybody=all parties; nobody=no party; somebody=a certain party; people=persons; "
             "money=monetary consideration; promised=covenanted; company=corporate entity; must=shall be obliged to; "
             "without=in the absence of; promise=covenant",
}
_ACADEMIC = {
    "openings": "The present study examines: | In line with prior research, | This paper argues as follows: | "
                "As our data show,",
    "leads": "Notably, | From a theoretical perspective, | The data further suggest: | Arguably, | "
             "As Figure 2 indicates,",
    "endings": "Further research is required. | These findings warrant replication. | The sample is small. | "
               "See Appendix B.",
    "words": "people=individuals; person=participant; children=juvenile participants; because=given that; "
             "show=demonstrate; showed=demonstrated; use=utilise; used=utilised; used to=used to; big=substantial; "
             "small=marginal; very=significantly; said=posited; think=hypothesise; thought=hypothesised; "
             "noticed=observed; found=identified; question=research question; somebody=one participant; "
             "nobody=no participant; everyone=all participants; everybody=all participants; always=invariably; "
             "often=frequently; story=narrative; good=favourable; bad=unfavourable",
}
_SCHOLARS = ("Hallberg", "Okonjo", "Petrov", "Marchetti", "Lindqvist", "Sato", "Abernathy", "Weiss")
_CORPORATE = {
    "openings": "Quick alignment, everyone: | Thanks for joining this call. | From a strategic standpoint, | Net-net:",
    "leads": "Going forward, | At the end of the day, | Key takeaway: | To drive synergy, | Per our roadmap,",
    "endings": "Let's circle back next quarter. | Let's take the rest offline. | It's a win-win. | "
               "Ping me for the slide deck.",
    "qualifiers": "strategic | scalable | client-facing | agile",
    "words": "problem=pain point; plan=roadmap; goal=KPI; friend=strategic partner; idea=value proposition; "
             "person=key stakeholder; team=cross-functional team; house=headquarters; job=core deliverable; "
             "day=sprint; use=leverage; used=leveraged; used to=used to; people=stakeholders; "
             "children=junior stakeholders; help=empower; change=pivot; changed=pivoted; good=best-in-class; "
             "better=optimised; new=innovative; money=budget; everyone=the whole org; everybody=the whole org; "
             "somebody=a resource; nobody=no resource; soon=by end of quarter; started=ramped up; began=ramped up; "
             "finished=delivered; bought=onboarded",
}
_SMALL_CHILD = {
    "openings": "Mommy, Mommy, guess what! | I'm five and I know a story! | Daddy, look at me! | "
                "My teddy told me this:",
    "leads": "And then, and then, | And you know what, | And then guess what, | And, and, and,",
    "asides": "For really real! | That's so silly! | Wheee! | Can I have a cookie now? | Teddy says so too!",
    "endings": "And now I need to go potty. | The end! Again, again! | And I'm not even sleepy! | Can we go play now?",
    "words": "dog=doggy; cat=kitty; horse=horsey; train=choo-choo train; car=vroom-vroom car; bird=birdie; "
             "rabbit=bunny; mother=mommy; father=daddy; friend=bestest friend; person=grown-up; went=goed; "
             "bought=buyed; ran=runned; ate=eated; came=comed; took=taked; told=telled; gave=gived; thought=thinked; "
             "broke=breaked; brought=bringed; stood=standed; kept=keeped; fell=falled; heard=heared; very=super duper; "
             "really=super duper; big=ginormous; small=teeny tiny; good=yummy; bad=yucky; beautiful=super pretty; "
             "people=grown-ups; because=coz; many=a zillion; best=bestest; dark=scary dark",
}
_TOWN_CRIER = {
    "openings": "Oyez, oyez, oyez! | Hear ye, hear ye! | Clang! Clang! Draw near, citizens! | Attention, townsfolk!",
    "leads": "Be it known to all: | By order of the Lord Mayor: | It is hereby proclaimed: | Let every soul take heed:",
    "endings": "God save the King! | Ten o'clock, and all is well! | So cries your town crier! | "
               "Thus ends the proclamation!",
    "words": "car=horse cart; bus=mail coach; phone=courier; house=dwelling; shop=market stall; friend=good neighbour; "
             "boss=master; restaurant=inn; hotel=inn; email=dispatch; company=guild; letter=sealed letter; "
             "people=townsfolk; everyone=every man, woman and child; everybody=every man, woman and child; "
             "money=silver coin; police=night watch; nobody=not a soul in this parish; "
             "somebody=a citizen of this parish; news=tidings; officials=aldermen; very=right",
}


def pirate(text: str, rng: random.Random) -> str:
    """Talk like a pirate: `ye`, `be` and `o'`, sea words for land words, arr and oaths, rum at the end."""
    return framed(full_sentences(text), rng, **_PIRATE)


def shakespearean(text: str, rng: random.Random) -> str:
    """Speak Elizabethan English: thou and thee, `'tis`, `hath` and `doth`, sighs, an iambic last line."""
    text = re.sub(r"\bdo not ([a-z]+)", r"\1 not", without_contractions(text))
    text = _THEE.sub(r"\1thee", replace_words(text, _THOU))
    spoken = framed(full_sentences(text), rng, **_SHAKESPEAREAN)
    return re.sub(r"(?<=[.!?] )'t", "'T", re.sub(r"\b([Tt])hy (?=[aeiou])", r"\1hine ", spoken))


def cowboy(text: str, rng: random.Random) -> str:
    """Drawl like a cowboy: `-in'` for `-ing`, `reckon`, `y'all` and `ain't`, yee-haws, horses and trails."""
    drawled = re.sub(r"\b([a-z]*[aeiouy][a-z]*)ing\b", r"\1in'", text)
    return framed(full_sentences(drawled), rng, **_COWBOY)


def robot(text: str, rng: random.Random) -> str:
    """Speak as a machine: beeps and status reports, no contractions, a unit number for `I`, human things as data."""
    unit = f"Unit {rng.randint(100, 999)}"
    names = {f"i {verb}": f"{unit} {verb}{ending}" for verb, ending in _ROBOT_FORMS.items()}
    names |= {"i am": f"{unit} is", "i was": f"{unit} was", "i have": f"{unit} has", "my": f"{unit}'s", "me": unit}
    text = re.sub(r"\bI (?=[a-z]+ed\b)", f"{unit} ", replace_words(without_contractions(text), names))
    return framed(full_sentences(text), rng, **_ROBOT)


def slang(text: str, rng: random.Random) -> str:
    """Talk street slang among friends: `hella`, `wanna`, `dope`, no cap, homies and dudes."""
    return framed(full_sentences(text), rng, **_SLANG)


def text_message(text: str, rng: random.Random) -> str:
    """Thumb it as a phone text: `u`, `r`, `2`, `gr8`, small letters, no full stops, lol and omg, ttyl."""
    thumbed = [replace_words(sentence.rstrip(".").lower(), _TEXT_WORDS) for sentence in full_sentences(text)]
    thumbed = [re.sub(r"\bfor (?!\d)", "4 ", re.sub(r"\bto (?!\d)", "2 ", sentence)) for sentence in thumbed]
    chat = with_asides(thumbed, rng, _TEXT_ASIDES, step=1)
    return enclosed(chat, rng, _TEXT_OPENINGS, _TEXT_ENDINGS)


def formal(text: str, rng: random.Random) -> str:
    """Put it in formal register: no contractions, long words for short ones, stiff connectives, a stiff close."""
    return framed(full_sentences(without_contractions(text)), rng, **_FORMAL)


def legalese(text: str, rng: random.Random) -> str:
    """Draft it as a contract: WHEREAS clauses, `the said`, `the aforementioned`, shall, parties, a closing formula."""
    return framed(full_sentences(without_contractions(text)), rng, **_LEGALESE)


def academic(text: str, rng: random.Random) -> str:
    """Write it up as a paper: invented citations, hedges, Latinate verbs, a call for further research."""
    sentences = full_sentences(without_contractions(text))
    sentences[::2] = [_cited(sentence, rng) for sentence in sentences[::2]]
    return framed(sentences, rng, **_ACADEMIC)


def _cited(sentence: str, rng: random.Random) -> str:
    first, second = rng.sample(_SCHOLARS, 2)
    source = rng.choice((first, f"{first} et al.", f"{first} & {second}"))
    return re.sub(r"(?=[.!?]+[\"')\]]*$)", f" ({source}, {rng.randint(1971, 2023)})", sentence, count=1)


def corporate(text: str, rng: random.Random) -> str:
    """Say it in business jargon: stakeholders, synergy, leverage and pivot, going forward, circling back."""
    return framed(full_sentences(text), rng, **_CORPORATE)


def small_child(text: str, rng: random.Random) -> str:
    """Babble like a small child: `goed` and `buyed`, `bwead` for `bread`, `and then, and then`, teddy and potty."""
    return re.sub(r"(?<=[bcdfgpt])r(?=[aeiou])", "w", framed(full_sentences(text), rng, **_SMALL_CHILD), flags=re.I)


def town_crier(text: str, rng: random.Random) -> str:
    """Cry it out on the market square: oyez, proclamations by order of the mayor, a bell, God save the King."""
    return framed(exclaimed(full_sentences(text)), rng, **_TOWN_CRIER)


_SPOKEN = (pirate, shakespearean, cowboy, robot, slang, small_child, town_crier)
_WRITTEN = (text_message, formal, legalese, academic, corporate)
RULES = {rule.__name__: rule for rule in (*_SPOKEN, *_WRITTEN)}
