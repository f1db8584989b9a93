"""Training prompts in, a finder of constant texts for any weighting of prompts out: readable ones and free ones."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from tqdm import tqdm

from prompt_recovery import config
from prompt_recovery.engines.piece_exchanges import Exchange
from prompt_recovery.errors import InputError
from prompt_recovery.recover.constants.constant_moves import FreeMoves, Phrases, ReadableMoves, read_units
from prompt_recovery.recover.constants.constant_search import Budget, Moves, Place, Standing, search_text
from prompt_recovery.recover.constants.constant_targets import Embed, Targets, unit_vectors
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.vector.vector_regressor import embedder_name
from prompt_recovery.recover.vector.wording import Text, Wording, wording_of
from prompt_recovery.tables import READS_AS_NULL

_NULLS = READS_AS_NULL | {""}
_PLAIN = re.compile(r"[\w\s.,;:!?'\u2019\"()-]+")  # what a clean text is made of; no markdown
_STARTS = 32  # best prompts that a search begins with
_SHOWN = 60  # characters of the best text


@dataclass(frozen=True)
class ScoredText:
    """A text and its weighted mean SCS on the targets that it was chosen for."""

    rewrite_prompt: str
    train_score: float


@dataclass(frozen=True, eq=False)
class ConstantFinder:
    """What all searches on the same training prompts share, embedded once: their vectors, words and vocabulary.

    `prompts`: distinct, one line each, the most frequent first, none a null; `vectors`: their own, shape (m, d).
    """

    prompts: tuple[str, ...]
    vectors: np.ndarray
    readable: ReadableMoves
    free: FreeMoves | None  # None: only the clean track is searched
    embed: Embed
    quick: Embed  # the same less exactly, for candidates; what is given out is scored by `embed`
    limit: PieceLimit
    settings: config.Constant

    def targets(self, weight: Mapping[str, float]) -> Targets:
        """Return prompts with their weights as targets; only those that are not among the finder's are embedded."""
        lines: Counter[str] = Counter()
        for prompt, share in weight.items():
            lines[" ".join(prompt.split())] += share
        return Targets.of(lines, self.embed_new)

    def embed_new(self, texts: Sequence[str], *, quickly: bool = False) -> np.ndarray:
        """Return unit vectors, shape (n, d); the finder's own prompts are not embedded again."""
        new = [text for text in texts if text not in self._row]
        embed = self.quick if quickly else self.embed
        vectors = dict(zip(new, unit_vectors(embed, new) if new else (), strict=True))
        return np.array([vectors[text] if text in vectors else self.vectors[self._row[text]] for text in texts])

    @cached_property
    def _row(self) -> dict[str, int]:
        return {prompt: place for place, prompt in enumerate(self.prompts)}

    def best_prompt(self, targets: Targets) -> ScoredText:
        """Return the best of the prompts themselves; where none is within the limit, the shortest one, cut."""
        scored = self._ranked(targets)
        if scored:
            return scored[0]
        text = self.limit.cut(min(self.prompts, key=len))
        return ScoredText(text, float(targets.scores(unit_vectors(self.embed, [text]))[0]))

    def find(
        self,
        targets: Targets,
        track: config.Track = "clean",
        *,
        seeds: Sequence[str] = (),
        candidates: int | None = None,
        states: Path | None = None,
    ) -> ScoredText:
        """Search the track's best text; the best prompt where no better one is found.

        `seeds`: texts to begin with, beside the best prompts. `candidates`: texts to embed, else as the settings say.
        With a folder `states` the search stands in a file there, and goes on from it if all it depends on is the same.
        """
        best, moves = self.best_prompt(targets), self._moves(track)
        starts = [*seeds, *(one.rewrite_prompt for one in self._ranked(targets)[:_STARTS])]
        starts = [start for start in starts if moves.read(start)]
        if track == "leaderboard":
            starts = self._put_together(starts)
        count = self.settings.candidates if candidates is None else candidates
        if not starts or not count:
            return best
        budget = self._budget(track, count)
        place = states and Place(states / f"{track}.npz", self._key(targets, starts, budget))
        with tqdm(total=count, desc=f"constant, {track}", unit="text") as bar:
            show = partial(_show, bar, moves)
            read, embed = [moves.read(start) for start in starts], partial(self.embed_new, quickly=True)
            found = search_text(targets, read, moves, embed, self.limit, budget, place=place, show=show)
        texts = [moves.spell(found.texts[0]), *self.limit.fitting(seeds)]
        scores = targets.scores(self.embed_new(texts)).tolist()
        return max(best, *map(ScoredText, texts, scores), key=lambda one: one.train_score)

    def _put_together(self, texts: Sequence[str]) -> list[str]:
        """Return as many of the texts, one behind the other, as half of the limit holds.

        Of a good text of 15 words with MiniLM one edit in 2,500 gained; a long text begins lower and soon passes it.
        """
        part = replace(self.limit, max_pieces=self.limit.max_pieces // 2)
        longer = part.fitting([" ".join(texts[:count]) for count in range(1, len(texts) + 1)])
        return longer[-1:] or list(texts[:1])

    def _ranked(self, targets: Targets) -> list[ScoredText]:
        """Return the most frequent prompts that are within the limit, the best first."""
        tried = self.prompts[: self.settings.seeds]
        scores = dict(zip(tried, targets.scores(self.vectors[: len(tried)]).tolist(), strict=True))
        fitting = sorted(self.limit.fitting(tried), key=lambda text: -scores[text])
        return [ScoredText(text, scores[text]) for text in fitting]

    def _moves(self, track: config.Track) -> Moves:
        if track == "leaderboard" and self.free is None:
            raise InputError("constant search: made for the clean track alone, asked for the leaderboard's.")
        return self.readable if track == "clean" else self.free

    def _budget(self, track: config.Track, candidates: int) -> Budget:
        beam = self.settings.beam if track == "clean" else self.settings.leaderboard_beam
        return Budget(candidates, self.settings.batch, beam, self.settings.patience)

    def _key(self, targets: Targets, starts: Sequence[str], budget: Budget) -> str:
        """Return the hash of all that a search depends on."""
        told = [embedder_name(self.embed), self.limit.max_pieces, self.settings.model_dump(mode="json"), vars(budget)]
        told += [list(starts), list(self.prompts)]
        found = sha256(json.dumps(told).encode())
        for array in (targets.vectors, targets.weights):
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()


def constant_finder(
    prompts: Sequence[str],
    embed: Embed,
    *,
    limit: PieceLimit,
    settings: config.Constant,
    pieces: Sequence[str] | None = None,
    quick: Embed | None = None,
    exchanges: Exchange | None = None,
) -> ConstantFinder:
    """Return the finder of these prompts, the most frequent first; of the leaderboard's texts too if `pieces` is given.

    `pieces`: of the embedder's tokeniser as they stand in a text, with a leading space where they begin a word; may be
    empty. `quick`: the embedder less exactly, for candidates. `exchanges`: what may stand for a piece of a text. Raises
    InputError for no prompts, and vectors that are none.
    """
    texts = tuple(text for text in dict.fromkeys(" ".join(prompt.split()) for prompt in prompts) if text not in _NULLS)
    if not texts:
        raise InputError(
            "constant search: found no prompts, expected one at least. Look at the triples' training part."
        )
    vectors = unit_vectors(embed, texts).astype(np.float32)
    plain = [row for row, text in enumerate(texts) if _PLAIN.fullmatch(text)] or list(range(len(texts)))
    wording = wording_of([texts[row] for row in plain], vectors[plain])
    whole = set(limit.fitting(texts[: settings.seeds]))
    held = {text: vector for text, vector in zip(texts, vectors, strict=True) if text in whole}
    readable = _readable(wording, held, settings)
    free = None if pieces is None else _free(wording, held, pieces, quick or embed, settings.units, exchanges)
    return ConstantFinder(texts, vectors, readable, free, embed, quick or embed, limit, settings)


def _readable(wording: Wording, held: Mapping[str, np.ndarray], settings: config.Constant) -> ReadableMoves:
    read = {text: vector for prompt, vector in held.items() if (text := wording.read(prompt))}
    short = {text: vector for text, vector in read.items() if len(text) <= settings.max_words}
    phrases = _phrases(short, wording.vectors.shape[1])
    return ReadableMoves(wording, phrases, settings.max_words, settings.odd_weight)


def _free(
    wording: Wording,
    held: Mapping[str, np.ndarray],
    pieces: Sequence[str],
    embed: Embed,
    most: int,
    exchanges: Exchange | None,
) -> FreeMoves:
    """Return the moves with the prompts' words, the commonest first, and the embedder's pieces; `most` are embedded."""
    words = [f" {word}" for word in wording.words if word]
    units = tuple(unit for unit in dict.fromkeys([*words, *pieces]) if unit.strip())
    vectors = unit_vectors(embed, [unit.strip() for unit in units[:most]]).astype(np.float32)
    number = {unit: place for place, unit in enumerate(units)}
    read = {text: vector for prompt, vector in held.items() if (text := read_units(prompt, number))}
    return FreeMoves(units, vectors, _phrases(read, vectors.shape[1]), exchanges)


def _phrases(held: Mapping[Text, np.ndarray], width: int) -> Phrases:
    return Phrases(tuple(held), np.array(list(held.values()), dtype=np.float32).reshape(-1, width))


def _show(bar: tqdm, moves: Moves, standing: Standing) -> None:
    bar.set_postfix_str(f"SCS {standing.scores[0]:.4f}: {moves.spell(standing.texts[0])[:_SHOWN]}", refresh=False)
    bar.update(standing.embedded - bar.n)
