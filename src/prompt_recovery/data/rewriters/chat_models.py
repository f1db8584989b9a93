"""The settings of a chat model or server in, what maps user messages to its replies out, loaded when first asked."""

from collections.abc import Callable, Iterator, Sequence

from prompt_recovery import config
from prompt_recovery.engines.reply import Reply

Answer = Callable[[Sequence[str]], Iterator[Reply]]  # user messages -> replies, in their order


def load_answerer(settings: config.Rewriter) -> Answer:
    """Load a chat model, or greet a chat server; `rules`, which cannot answer, are none."""
    if settings.kind == "openai":
        from prompt_recovery.engines.chat_server import load_server_answerer

        return load_server_answerer(settings.server)
    from prompt_recovery.engines.recoverer import load_chat_answerer  # seconds to import

    return load_chat_answerer(settings)


class ChatModels:
    """Loads a model when its first message comes, keeps it for all who ask with the same settings, one at a time."""

    def __init__(self, load: Callable[[config.Rewriter], Answer] = load_answerer):
        self._load = load
        self._settings: config.Rewriter | None = None
        self._answer: Answer | None = None

    def answerer(self, settings: config.Rewriter) -> Answer:
        """Return what answers by these settings; nothing is loaded yet."""

        def answer(messages: Sequence[str]) -> Iterator[Reply]:
            return self._loaded(settings)(messages)

        return answer

    def _loaded(self, settings: config.Rewriter) -> Answer:
        if settings != self._settings:
            self._settings = self._answer = None  # first free the memory that the other model takes
            self._answer = self._load(settings)
            self._settings = settings
        return self._answer
