"""The spoken roles: one golden example a family, and the stardate."""

import random

from prompt_recovery.data.rules.persona import captains_log

ORIGINAL = (
    "The baker opened a small shop on Mill Street in May. "
    "Her phone rang all day, and people queued around the corner. I bought the last loaf!"
)
EXPECTED = {
    "sermon": (
        "O my faithful flock, the baker opened a small shop on Mill Street in May. Let the church say amen! I say to "
        "you from this pulpit: her phone rang all day, and souls queued around the corner. I bought the last loaf! "
        "Hallelujah! And for this we give thanks. Amen."
    ),
    "advertisement": (
        "New! Improved! Unmissable! The baker opened a handy pocket-sized shop on Mill Street in May! Yours at no "
        "extra cost: her phone rang all day, and people queued around the corner! I bought the last loaf! Available "
        "at a store near you!"
    ),
    "detective_noir": (
        "In this town, trouble always knows your address. The baker opened a small shop on Mill Street in May. I "
        "pulled down my hat and filed it away. Her phone rang all day, and people queued around the corner. I bought "
        "the last loaf! The shadows in the alley weren't talking. Even a private eye looks away some nights."
    ),
    "captains_log": (
        "Begin captain's log. Stardate 47890.1. The ship's cook opened a small shop on Mill Street in May. Shields "
        "are holding. Her communicator rang all day, and life-forms queued around the corner. I bought the last loaf! "
        "The science officer finds this fascinating. The mission goes on."
    ),
    "eulogy": (
        "Today we lay to rest someone we loved. I shall never forget: the baker opened a small shop on Mill Street in "
        "May. Her phone rang all day, and people queued around the corner. A candle burns for that memory. I bought "
        "the last loaf! You will be missed."
    ),
    "product_review": (
        "4 out of 5 stars. Very happy with this purchase. Verified purchase. The baker opened a small shop on Mill "
        "Street in May. Great value for money. Her phone rang all day, and people queued around the corner. I bought "
        "the last loaf! Tested it for two weeks now. Highly recommended to other buyers."
    ),
    "sports_commentary": (
        "There's the whistle, and we're off! Look at the replay: the baker opened a small shop on Mill Street in May! "
        "And the fans go wild! Her phone rang all day, and fans queued around the corner! Watch this now, Jim: I "
        "bought the last loaf! GOAL! One for the record books, folks!"
    ),
}


def test_stardate_differs_by_seed():
    assert len({captains_log("We left.", random.Random(seed)) for seed in range(20)}) == 20
