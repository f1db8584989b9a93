"""A run in, the runs that `make compare` puts side by side out: every method, and the stages of a chained run."""

from collections.abc import Iterable

from prompt_recovery.config.run import RunConfig
from prompt_recovery.errors import InputError
from prompt_recovery.methods import METHODS

STAGES = {
    "first_stage": "the adapter that init_from names, as it is",
    "one_stage": "a fresh adapter, trained on this run's data alone",
    "two_stages": "the adapter that init_from names, trained on with this run's data",
}


def ladder(config: RunConfig) -> dict[str, RunConfig]:
    """Return the runs by their names: every method of METHODS in turn, with nothing before it, all else equal; and
    STAGES, of a run with init_from.

    Beside each only the constant is answered, for `base` would be `zero_shot` once more, and no other run's adapter
    answers too. Without [base] there are but the methods that need none.
    """
    recover = config.recover.model_copy(update={"beside": ("constant",), "tracks": ()})
    alone = config.generation.model_copy(update={"adapters": ()})
    whole = config.model_copy(update={"recover": recover, "generation": alone})
    fresh = whole.model_copy(update={"init_from": None})
    rungs = {
        method: fresh.model_copy(update={"method": method})
        for method, own in METHODS.items()
        if config.base or not own.needs_base
    }
    if config.init_from:
        untrained = whole.train.model_copy(update={"epochs": 0.0})
        stages = (whole.model_copy(update={"train": untrained}), fresh, whole)
        rungs |= dict(zip(STAGES, stages, strict=True))
    return rungs


def rungs_named(config: RunConfig, names: Iterable[str]) -> dict[str, RunConfig]:
    """Return those runs of the ladder. Raises InputError for a name that is none of them."""
    rungs, names = ladder(config), list(names)
    unknown = [name for name in names if name not in rungs]
    if unknown:
        lacks = "" if config.base else " without [base]"
        raise InputError(
            f"METHODS: run {config.name}{lacks} has no {', '.join(unknown)} to compare. "
            f"Choose among: {', '.join(rungs)}."
        )
    return {name: rungs[name] for name in names}
