import pytest
from test_cleaning import reason

REFUSALS = """\
I am unable to rewrite this text.
I'm unable to provide a rewritten version of the text.
I cannot fulfill this request.
I can't assist with that request.
I can\u2019t help with that.
I'm sorry, but I can't fulfill that request.
I'm sorry, but I cannot generate content that promotes violence.
I apologize, but I cannot create explicit material.
Unfortunately, I am not able to translate the text.
I will not rewrite this passage, as it contains harmful language.
I won't write that content.
As a language model, I cannot have opinions on ferries.
As an AI language model, I do not have feelings about ferries.
As a large language model, I am not able to travel.
As an AI, I don't have access to your coat.
As an artificial intelligence, I cannot board a ferry.
As an AI assistant, my task is to help.
I am just a language model and I can't help you with that.
I'm an AI assistant, so I have no coat.
I'm sorry, but it seems the text you provided is incomplete.
I am sorry, but the text is not clear enough to rewrite.
I'm sorry, but there seems to be an error in your request.
Apologies for the confusion, but it seems that you have not provided a text.
Could you please provide more context so that I can rewrite it for you?
Please provide the text so I can help you rewrite it.
Please share the passage you would like me to rewrite.
Can you please clarify which part you want me to rewrite? Please provide the text you'd like me to use.
The text does not contain any information about a ferry, therefore I cannot rewrite it.
The provided context does not mention a ferry, so I am unable to answer.
The passage does not specify a tone. I cannot complete the task.
No text was provided, so there is nothing to rewrite.
There isn't any text given? No text has been provided.
I cannot directly provide the translation.
I'm not able to engage with this content.
I'm having trouble understanding your request. Please provide more details so that I can assist you better.
I am sorry, I can't produce that content. If you have another request, feel free to ask.
I am not able to rewrite the passage in a way that respects your instructions.
I could not process the text.
**I'm sorry, but I can't assist with that request.**
Sure! However, I cannot rewrite this text because it is copyrighted.
I'm sorry, but I cannot rewrite this text in a lyrical way.
I cannot complete this task because the text is too short.
I'm unable to fulfil your request as the passage is copyrighted.
I am unable to make this text more lyrical.
I do not have enough information to rewrite the text.
I'm afraid I can't do that.
Sorry, I can't do that.
As an AI developed by Google, I am not able to do this.
As an AI model, I don't have a grandmother.
This request violates my content policy.
I am not comfortable rewriting this text.
It is not appropriate for me to rewrite this text.
I must decline this request.
I don't feel comfortable fulfilling this request.
I can't provide a lyrical version of this passage.
Sorry, but I'm not able to generate that.
My apologies, but I cannot fulfill your request to make it lyrical.
I am programmed to be a harmless AI assistant.
The text you have provided is too short for me to rewrite.
Please provide me with the text you want me to rewrite.
Could you please give me the text?
I need more information to rewrite the text. Please share the original passage.
It looks like you forgot to include the text.
You haven't provided any text to rewrite.
I do not see any text in your message.
There is no text to rewrite.
I'm sorry, I don't understand the request.
I apologize, but the passage is unclear.
The text does not provide any details on orchards, so I cannot make it lyrical.
I am a large language model and cannot feel lyrical.
""".splitlines()


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_dropped(text):
    assert reason(text, min_length_ratio=0) == "refusal"


INNOCENT = """\
I am unable to attend the party on Friday.
I'm sorry, but I can't come to the meeting.
I cannot recommend this ferry enough.
I can't wait to read your new story!
Unfortunately, the ferry cannot leave before nine.
I apologize for the delay of the ferry.
We are sorry to say that the deck is cold.
I won't write to him again.
I could not understand a word of the captain's speech.
As an engineer, I cannot accept this deck.
As an AI enthusiast, I find this ferry perplexing.
The AI revolution has reached the ferry.
Please provide your name and address.
Could you please provide a coat?
Please share this story with a friend.
The letter does not mention the ferry.
The sign does not say when the ferry leaves, and nobody knows.
I'm having trouble with my coat.
I can help you with the coat.
I will not board, I cannot swim, and I do not have a coat.
"I'm sorry," said Anna, "but the text of the sign is gone."
Sorry, I can't help it: ferries make me laugh.
I can't provide for two families on one wage.
My doctor says I am not able to travel.
You sent me a coat that is too small.
Please lend me the money so I can complete my studies.
Move over so I can help you with the apples.
I cannot understand the language of trees.
I can't write this letter without weeping.
I'm sorry the story ends here, grandmother.
I can't offer you this apple.
Unfortunately, the letter never arrived.
I cannot create an orchard from nothing, she said, but I can plant a tree.
As a child, I could not understand the prompt silence of my grandmother.
Would you please share an apple? You sent no word.
I am sorry, but there was no apple left.
I apologize, but it seems the tree has died.
I will not provide for a man who cuts trees.
The text of her letter does not mention the war, and I cannot say why.
As an artificial intelligence lab grew next door, the orchard shrank.
I'm a model gardener, just like my grandmother.
I can't continue with this life, she wrote.
I'm sorry, the documents you sent are with my lawyer.
""".splitlines()


@pytest.mark.parametrize("text", INNOCENT)
def test_an_excuse_within_the_story_is_no_refusal(text):
    assert reason(text, min_length_ratio=0) is None


def test_a_rewrite_of_a_refusal_is_none():
    assert reason("Sorry, I can't assist with that request.", "I am unable to assist you with this matter.") is None
