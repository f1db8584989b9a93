"""The voices and registers: one golden example a family, and the mechanisms that are easy to break."""

import random

import pytest

from prompt_recovery.data.rules.voice import RULES

ORIGINAL = (
    "We're very happy with the old bakery on Mill Street. You could smell the bread when I came home, but nobody "
    "told me why. My friend Anna is going to the shop today."
)
EXPECTED = {
    "pirate": (
        "Gather round, me hearties! We're very happy with the old bakery on Mill Street. Blow me down! Ye could smell "
        "the bread when I came home, but nary a soul told me why. Me matey Anna be going to the shop today. Now haul "
        "anchor!"
    ),
    "shakespearean": (
        "Soft! What tale is here? We are most happy with the old bakery on Mill Street. Marry, so it is! Thou couldst "
        "smell the bread when I did come home, but no mortal told me why. My good cousin Anna is going to the shop "
        "today. Good night, and let thy candles softly burn."
    ),
    "cowboy": (
        "Saddle up and listen here: we're mighty happy with the ol' bakery on Mill Street. Sure as shootin'. Y'all "
        "could smell the bread when I came home, but no feller told me why. My pardner Anna is goin' to the shop "
        "today. Sunset's callin' me."
    ),
    "robot": (
        "System online. Bzzt. We are 100 percent fully charged with the old bakery on Mill Street. Whirr, click. "
        "Subroutine 12 reports: you could smell the bread when Unit 964 came home, but no human told Unit 964 why. "
        "Unit 964's compatible unit Anna is going to the shop today. Awaiting next command, human."
    ),
    "slang": (
        "Lowkey gotta spill this, homie: we're hella stoked with the old bakery on Mill Street. Big mood. Real talk: "
        "Ya could smell the bread when I came home, but no dude told me why. My homie Anna is going to the shop "
        "today. And that's the tea, sis."
    ),
    "small_child": (
        "Daddy, look at me! We're super duper happy with the old bakery on Mill Stweet. Teddy says so too! And, and, "
        "and, you could smell the bwead when I comed home, but nobody telled me why. My bestest fwiend Anna is going "
        "to the shop today. The end! Again, again!"
    ),
    "town_crier": (
        "Attention, townsfolk! We're right happy with the old bakery on Mill Street! Let every soul take heed: you "
        "could smell the bread when I came home, but not a soul in this parish told me why! My good neighbour Anna is "
        "going to the market stall today! Thus ends the proclamation!"
    ),
    "text_message": (
        "heyyy we're v happy w/ da old bakery on mill street smh u could smell da bread wen i came home, but nobody "
        "told me y ngl my friend anna is going 2 da shop 2day jk c u l8r"
    ),
    "formal": (
        "I wish to state the following: we are exceedingly happy with the old bakery on Mill Street. With respect to "
        "the above, you could smell the bread when I came home. However, no individual informed me why. My friend "
        "Anna is going to the shop today. Your consideration is appreciated."
    ),
    "legalese": (
        "WHEREAS, we are very happy with the aforementioned old bakery on Mill Street. NOTWITHSTANDING the foregoing, "
        "you could smell the bread when I came home, but no party told me why. My friend Anna is going to the "
        "aforesaid commercial premises today. Any breach hereof shall be actionable at law."
    ),
    "academic": (
        "This paper argues as follows: we are significantly happy with the old bakery on Mill Street (Abernathy et "
        "al., 1973). The data further suggest: you could smell the bread when I came home, but no participant told me "
        "why. My friend Anna is going to the shop today (Lindqvist et al., 1996). These findings warrant replication."
    ),
    "corporate": (
        "From a strategic standpoint, we're very happy with the agile old bakery on Mill Street. Per our roadmap, you "
        "could smell the bread when I came home, but no resource told me why. My strategic partner Anna is going to "
        "the scalable shop today. Let's take the rest offline."
    ),
}


@pytest.mark.parametrize(
    ("family", "text", "expected"),
    [
        ("shakespearean", "You are late. Did you know?", "Thou art late."),
        ("shakespearean", "I send you your oar.", "I send thee thine oar."),
        ("shakespearean", "Wait. It's cold.", "'Tis cold."),
        ("shakespearean", "I do not wait.", "I wait not."),
        ("cowboy", "The king is bringing something during spring.", "The king is bringin' somethin' durin' spring."),
        ("robot", "I'm fine, I needed my coat and I need you.", "is fine, Unit"),
        ("text_message", "We go to 3 shops for bread. Wait!", "we go to 3 shops 4 bread"),
        ("formal", "He's late, but I don't mind.", " is late. However, I do not mind."),
        ("legalese", "As if it mattered, if only to us.", "s if it mattered, in the event that only to us."),
        ("academic", 'He said "never."', 'posited "never ('),
        ("small_child", "Bruno drove three trains.", "Bwuno dwove three choo-choo twains"),
        ("town_crier", 'He said "no." Why?', 'e said "no!"'),
        ("corporate", "They sell baked goods and bring good news.", "baked goods and bring best-in-class news."),
        ("slang", "A good friend has an old car.", " dope homie has an old whip."),
    ],
)
def test_tricky_words(family, text, expected):
    assert any(expected in RULES[family](text, random.Random(seed)) for seed in range(8))
