"""Pairs, hypotheses of their prompts and predicted vectors in, a checked table of candidates and their vectors out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from prompt_recovery.errors import InputError
from prompt_recovery.metric import SHARPNESS
from prompt_recovery.recover.choice.unchanged import is_unchanged
from prompt_recovery.recover.piece_limit import PieceLimit
from prompt_recovery.recover.vector.change_features import readable_texts
from prompt_recovery.tables import HYPOTHESES, HYPOTHESIS_KEY, HYPOTHESIS_KINDS, PAIRS, READS_AS_NULL, check_frame

Embed = Callable[[Sequence[str]], np.ndarray]
_ANY_LENGTH = 10_000_000  # characters
_PRECEDENCE = ("rule", *(kind for kind in HYPOTHESIS_KINDS if kind != "rule"))  # which kind a text is said to be of


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for the prompts of some pairs.

    `pairs`: a frame of schema PAIRS; `hypotheses`: of schema HYPOTHESES, at least one a pair; `means`: what
    `VectorModel.predict` gives, shape (n, d), or None without a vector model; `constant_scores`: what the constant is
    expected to score, shape (n,), or None where only the means tell.
    """

    pairs: pd.DataFrame
    hypotheses: pd.DataFrame
    means: np.ndarray | None = None
    constant_scores: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Raise InputError for a pair without a hypothesis, one that no answer may be, and means of other pairs."""
        _require_pairs(self.pairs)
        check_frame(self.hypotheses, HYPOTHESES, where="hypotheses", key=HYPOTHESIS_KEY)
        _require_kinds(self.hypotheses)
        _require_one_each(self.pairs, self.hypotheses)
        _require_means(self.means, len(self.pairs))

    def without_kind(self, kind: str) -> "Evidence":
        """Return the evidence less the hypotheses of that kind."""
        return replace(self, hypotheses=self.hypotheses[self.hypotheses["kind"] != kind])

    def without_means(self) -> "Evidence":
        """Return the evidence less the predicted vectors, and what they let expect of the constant."""
        return Evidence(self.pairs, self.hypotheses)

    def spares(self, kind: str) -> bool:
        """Say whether there are hypotheses of that kind, and every pair has one of another kind too."""
        own = self.hypotheses["kind"] == kind
        return bool(own.any()) and set(self.pairs["id"]) <= set(self.hypotheses.loc[~own, "id"])


def answerable_evidence(
    pairs: pd.DataFrame,
    hypotheses: pd.DataFrame,
    means: np.ndarray | None,
    constant_scores: np.ndarray | None = None,
    *,
    limit: PieceLimit,
    unchanged_prompt: str | None,
) -> Evidence:
    """Return the evidence less what no answer may be, with a hypothesis `rule` where nothing but white space changed.

    No answer may be empty, read as null in a CSV, or have more pieces than `limit`; a text is put on one line.
    """
    check_frame(hypotheses, HYPOTHESES, where="hypotheses", key=HYPOTHESIS_KEY)
    rule = _unchanged(pairs, unchanged_prompt) if unchanged_prompt else []
    hypotheses = pd.concat([hypotheses, *rule], ignore_index=True)
    hypotheses = hypotheses.assign(rewrite_prompt=[" ".join(text.split()) for text in hypotheses["rewrite_prompt"]])
    distinct = sorted(set(hypotheses["rewrite_prompt"]) - READS_AS_NULL - {""})
    answerable = hypotheses["rewrite_prompt"].isin(set(limit.fitting(distinct)))
    return Evidence(pairs, hypotheses[answerable].reset_index(drop=True), means, constant_scores)


def softmax_weights(log_probabilities: Sequence[float], temperature: float) -> np.ndarray:
    """Return weights that add up to 1, shape (n,); what is no number weighs nothing, and all alike if none is one."""
    logits = np.asarray(log_probabilities, dtype=np.float64) / temperature
    known = np.isfinite(logits)
    if not known.any():
        return np.full(len(logits), 1 / max(len(logits), 1))
    weights = np.where(known, np.exp(np.where(known, logits, 0) - logits[known].max()), 0.0)
    return weights / weights.sum()


@dataclass(frozen=True, eq=False)
class Candidates:
    """The distinct texts of each pair, with what a choice needs to know of them.

    `table`: row (of the pairs, ascending), rewrite_prompt, kind, is_constant (whatever else it is, too); the texts of a
    row from the shortest on. `vectors`:
    theirs, (m, d). `references`: row, log_probability of what the row's texts are measured by, which are the model's
    answers and, in a row without, all its hypotheses alike; `reference_vectors` theirs. `answered`: whether the text's
    row has an answer of the model, shape (m,).
    """

    evidence: Evidence
    table: pd.DataFrame
    vectors: np.ndarray
    references: pd.DataFrame
    reference_vectors: np.ndarray
    answered: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """Return the place of each text's pair, shape (m,)."""
        return self.table["row"].to_numpy()

    @cached_property
    def products(self) -> np.ndarray:
        """Return the cosine that each has to expect by its predicted vector, shape (m,); 0 without one."""
        means = self.evidence.means
        if means is None:
            return np.zeros(len(self.table))
        if means.shape[1] != self.vectors.shape[1]:
            raise InputError(f"means: of {means.shape[1]} numbers, expected {self.vectors.shape[1]} as of the texts.")
        return np.einsum("nd,nd->n", self.vectors, means[self.rows]).astype(np.float64)

    def expected(self, temperature: float) -> np.ndarray:
        """Return sum_j w_j max(cos(text, r_j), 0) ** 3 over the row's references r_j, shape (m,), in [0, 1].

        w: the softmax of the references' log-probabilities at that temperature.
        """
        each = [agreed @ softmax_weights(logs, temperature) for agreed, logs in self._agreements]
        return np.concatenate(each)

    @cached_property
    def _agreements(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return for each row max(cos, 0) ** 3 of texts and references, and the references' log-probabilities."""
        count, logs = len(self.evidence.pairs), self.references["log_probability"].to_numpy(dtype=np.float64)
        parts = zip(_places(self.rows, count), _places(self.references["row"].to_numpy(), count), strict=True)
        return [
            (np.maximum(self.vectors[own] @ self.reference_vectors[by].T, 0) ** SHARPNESS, logs[by])
            for own, by in parts
        ]


def candidates_of(evidence: Evidence, embed: Embed) -> Candidates:
    """Embed each distinct text once; hypotheses of a pair that say the same become one."""
    row = pd.Series(np.arange(len(evidence.pairs)), index=evidence.pairs["id"])
    found = evidence.hypotheses.assign(row=row.loc[evidence.hypotheses["id"]].to_numpy())
    found = found.assign(precedence=found["kind"].map(_PRECEDENCE.index), length=found["rewrite_prompt"].str.len())
    found = found.sort_values(["row", "length", "rewrite_prompt", "precedence"], kind="stable", ignore_index=True)
    by_constant = found["kind"] == "constant"
    found["is_constant"] = by_constant.groupby([found["row"], found["rewrite_prompt"]]).transform("any")
    distinct = sorted(set(found["rewrite_prompt"]))
    place = found["rewrite_prompt"].map({text: at for at, text in enumerate(distinct)}).to_numpy()
    vectors = np.asarray(embed(distinct), dtype=np.float32)[place]
    if "log_probability" not in found:
        found = found.assign(log_probability=np.nan)
    first = ~found.duplicated(["row", "rewrite_prompt"]).to_numpy()
    by_model = (found["kind"] == "model").to_numpy()
    answered = np.isin(found["row"], found.loc[by_model, "row"])
    reference = by_model | ~answered
    return Candidates(
        evidence,
        found.loc[first, ["row", "rewrite_prompt", "kind", "is_constant"]].reset_index(drop=True),
        vectors[first],
        found.loc[reference, ["row", "log_probability"]].reset_index(drop=True),
        vectors[reference],
        answered[first],
    )


def _unchanged(pairs: pd.DataFrame, prompt: str) -> list[pd.DataFrame]:
    original, rewritten = (readable_texts(pairs[name], _ANY_LENGTH) for name in ("original_text", "rewritten_text"))
    same = [bool(new.strip()) and is_unchanged(old, new) for old, new in zip(original, rewritten, strict=True)]
    ids = list(pairs.loc[same, "id"])
    rule = pd.DataFrame({"id": ids, "rewrite_prompt": prompt, "kind": "rule", "opening": "", "adapter": ""})
    return [rule.assign(sample=pd.array([0] * len(ids), dtype="int32"))] if ids else []


def _places(rows: np.ndarray, count: int) -> list[np.ndarray]:
    """Return where each of the rows 0 to `count` - 1 stands in `rows`, which are sorted."""
    return np.split(np.arange(len(rows)), np.searchsorted(rows, np.arange(1, count)))


def _require_pairs(pairs: pd.DataFrame) -> None:
    """Texts may be anything, NaN too: each row is answered."""
    missing = [name for name in PAIRS.names if name not in pairs]
    if missing or pairs.empty or not pairs["id"].is_unique:
        found = "no rows" if pairs.empty else f"no column {missing[0]}" if missing else "an id twice"
        raise InputError(f"pairs to choose for: {found}, expected rows of {', '.join(PAIRS.names)}, each id once.")


def _require_kinds(hypotheses: pd.DataFrame) -> None:
    unknown = sorted(set(hypotheses["kind"]) - set(HYPOTHESIS_KINDS))
    if unknown:
        raise InputError(f"hypotheses: kind {unknown[0]!r}, expected one of {', '.join(HYPOTHESIS_KINDS)}.")
    wrong = hypotheses["rewrite_prompt"].isin(READS_AS_NULL | {""}).to_numpy()
    if wrong.any():
        text, id_ = hypotheses.loc[wrong, ["rewrite_prompt", "id"]].iloc[0]
        raise InputError(f"hypotheses: {text!r} of row {id_!r} can be no answer. `answerable_evidence` drops such.")


def _require_one_each(pairs: pd.DataFrame, hypotheses: pd.DataFrame) -> None:
    ids, found = set(pairs["id"]), set(hypotheses["id"])
    if found - ids:
        raise InputError(f"hypotheses: row {min(found - ids)!r} is none of the {len(ids)} pairs.")
    if ids - found:
        raise InputError(
            f"hypotheses: none of row {min(ids - found)!r} that an answer may be. Give every row the constant prompt."
        )


def _require_means(means: np.ndarray | None, count: int) -> None:
    if means is None:
        return
    if means.ndim != 2 or len(means) != count:
        raise InputError(f"means: shape {means.shape}, expected ({count}, d): one predicted vector a pair.")
    if not np.isfinite(means).all():
        row = int((~np.isfinite(means).all(axis=1)).argmax())
        raise InputError(f"means: vector {row} holds what is no number, expected numbers only.")
