import time

import pytest
from test_cleaning import ORIGINAL, PROMPT, REWRITE, reason

from prompt_recovery.config import Cleaning
from prompt_recovery.data.cleaning.filters import Cleaned, clean
from prompt_recovery.data.cleaning.openings import without_opening

OPENINGS = """\
Sure, here is the rewritten text:
Sure! Here's a politer version:
Sure thing! Here you go:
Sure - here is the text in a polite tone:
Certainly! Here is the revised text:
Certainly. Below is a more courteous rewrite of your message:
Certainly!
Of course! Here's the letter you asked for:
Absolutely! Here's my take on the passage, rewritten politely:
Okay, here's the dialogue:
OK, here is your haiku:
Alright, here's the pirate version:
All right, here are the tweets:
Got it! Here's the edited paragraph:
Understood. Here is the paraphrased text:
No problem! Here's a shorter version:
Great! Here is the polished email:
Gladly! Here is the adapted story:
Here is the rewritten text:
Here\u2019s the rewritten text:
Here's a rewritten version of the text that is more polite:
Here is a possible rewrite:
Here are the rewritten sentences:
Here's your revised paragraph:
Here you go:
Below is the text rewritten as a polite note:
Below you'll find the edited version:
The following is a polite version of the text:
I've rewritten the text to be more polite:
I have revised the passage as follows:
I have made some adjustments to the text:
**Rewritten text:**
**Rewritten Text:**
## Revised version:
Rewritten version:
**Revised paragraph in a polite tone:**
**Sure, here is the rewritten text:**
*Here is the polite version:*
Sure! I'd be happy to help you with that.
As requested, here is the text rewritten politely:
Certainly, I can help with that! Here's a more polite version:
Sure, here's the text with a more lyrical touch:
Sure! Here is my attempt at a more lyrical version:
Sure, I'd be glad to make it more lyrical. Here's the revised text:
Of course. Here is a lyrical reimagining of your text:
Absolutely. Here's how the passage might sound in a lyrical voice:
Here's a lyrical rendition of the passage:
Here is the passage in a more lyrical style:
Here is a more lyrical version:
Here's one way to rewrite it:
Here's how I would rewrite the text:
Here is the output:
Here's the final version:
I'd be happy to help! Here is a lyrical version of your text:
I've made the text more lyrical while keeping its meaning:
I've crafted a more lyrical version for you:
**Lyrical version:**
**Lyrical Rewrite:**
### Rewritten Text
**Rewritten Text**
Rewritten:
Output:
Response:
Answer:
Final version:
"Here is the rewritten text:"
Okay! Here's a fresh take on it:
Yes, of course! Here is the lyrical text:
Certainly, here's the lyrical version you asked for:
Happy to help! Here's the lyrical version:
Thank you for sharing! Here is a more lyrical version of your text:
Sure, let me rewrite that for you:
The text rewritten in a lyrical style:
The rewritten text is as follows:
Below is my lyrical rewrite:
As an AI language model, here is a lyrical version:
Sure, here\u2019s a revised, more lyrical text:
Here's the poem based on your text:
This is the rewritten version:
Text in a lyrical style:
""".splitlines()


@pytest.mark.parametrize("opening", OPENINGS)
def test_an_opening_is_stripped(opening):
    assert clean(ORIGINAL, PROMPT, f"{opening}\n\n{REWRITE}", Cleaning()) == Cleaned(REWRITE, None, ("opening",))


@pytest.mark.parametrize(
    "opening",
    [
        "Sure, here's a simpler version: ", "Here is the revised text: ", "Revised text: ", "**Rewritten version:** ",
        "The corrected sentence is: ", "Sure! Here is the rewritten text:\n\n**Rewritten text:**\n\n",
        "Sure, here is the rewritten text:\n\n---\n\n", "Certainly! Here is the text, rewritten in a kinder tone.\n\n",
    ],
)  # fmt: skip
def test_an_opening_on_the_line_of_the_text_or_before_another_is_stripped(opening):
    assert clean(ORIGINAL, PROMPT, opening + REWRITE, Cleaning()).rewritten_text == REWRITE


LOOKALIKES = r"""
"Sure, I'll come on Friday," said Anna. "Here is my hand on it."
Sure, the soup was cold, but here is the thing: the company was warm.
Sure, here's the thing: I never liked the sea.
Sure as the tide, the ferry leaves at nine.
Certainly the wind is cold on deck: take a coat.
Certainly not! Here is where I draw the line: no coat, no ferry.
Of course the ferry leaves at nine: it always did.
Here's the deal:\n\n* The ferry leaves at nine.\n* It is cold.
Here is what you need: a coat and a ticket.
Here are three things to bring:\n\n1. A coat\n2. A ticket\n3. Patience
Here's to the captain: may his coat be warm!
Here lies the ferry: it never left.
Here comes the ferry, and here comes the wind.
Okay team, listen: the ferry leaves at nine.
Okay, so the ferry leaves at nine. Bring a coat.
Alright, folks, here we go again with the wind.
Great news! The ferry now leaves at nine.
Got it? Nine o'clock, and bring a coat.
Absolutely freezing on deck: bring a coat.
No problem is too small for our ferry.
**Checklist:**\n\n* Ferry at nine\n* Coat
**Notice:** The ferry leaves at nine.
Captain: The ferry leaves at nine.\nMate: Sure! I'd better fetch a coat.
I have a coat, and here is my ticket: let us board.
I've rewritten my will twice on this ferry, and I may do it again.
I have to tell you one thing: the deck is cold.
Revised timetable: the ferry leaves at nine.
The edited film shows the ferry leaving at nine.
The revised plan of the port is as follows, and it is short: leave at nine.
Translated from the sailor's tongue: bring a coat.
Below is the sea, above is the sky: the ferry leaves at nine.
This is the captain speaking: the ferry leaves at nine.
Dear passengers,\n\nplease find attached the timetable: the ferry leaves at nine.
Rewritten in the stars was this: the ferry leaves at nine.
Sure! I love ferries. This one leaves at nine.
My version of events: the ferry left at nine, and I was cold.
The text of the sign: bring a coat.
Happy to help, the mate fetched my coat.
Definitely bring a coat; the ferry leaves at nine.
As an aid to memory: nine, ferry, coat.
Sure, Grandma planted apples. Here's why: the war took everything else.
Sure enough, here is the orchard: forty trees.
Here's the story: she planted, and she kept her promise.
Here is the orchard my grandmother planted: forty trees, forty promises.
Here are the rules: plant, water, wait.
Here's a poem:\\nApple, apple, promise kept
Here is a tale revised by time: the orchard after the war.
Certainly, my grandmother kept her promises: forty of them.
Of course! Apples! What else?
Of course, here is where she stood: under the first tree.
Okay, here is what happened: the war ended and she planted.
The story: she planted apples.
**Orchard Report**\\n\\n**Summary:** forty trees were planted.
Title: The Orchard\\n\\nShe planted apples.
Dear Diary,\\n\\nhere is my promise: forty trees.
This is the version I heard: she planted forty trees.
I have adapted to life in the orchard: it suits me.
I've changed, and so has the orchard: we are both old.
Great grandmother planted it: forty trees.
The modified text message read: plant apples.
Improved version of the apple? She laughed: there is none.
Output: forty trees. Input: one promise.
""".strip().splitlines()


@pytest.mark.parametrize("text", [line.replace("\\n", "\n") for line in LOOKALIKES])
def test_a_text_that_only_begins_like_an_opening_stays_whole(text):
    assert clean(ORIGINAL, PROMPT, text, Cleaning()) == Cleaned(text, None)


def test_openings_may_drop_the_row_or_stay():
    text = f"Sure, here is the rewritten text:\n\n{REWRITE}"
    assert clean(ORIGINAL, PROMPT, text, Cleaning(openings="drop")) == Cleaned(text, "opening")
    assert clean(ORIGINAL, PROMPT, text, Cleaning(openings="keep")) == Cleaned(text, None)
    assert reason("Sure, here is the rewritten text:") == "empty"


def test_an_opening_that_the_original_has_too_is_part_of_the_text():
    original = f"Sure, here is the revised list:\n\n{ORIGINAL}"
    assert clean(original, PROMPT, f"Certainly, here is the revised list:\n\n{REWRITE}", Cleaning()).changed_by == ()


@pytest.mark.parametrize("blank", [" ", "\n"])
def test_a_long_run_of_blanks_takes_no_time_and_is_no_opening(blank):
    text = f"Sure, here is{blank * 100_000}x"
    started = time.process_time()
    assert without_opening("The fox ran.", text) == text
    assert time.process_time() - started < 2
