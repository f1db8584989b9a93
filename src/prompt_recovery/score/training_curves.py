"""The lines of metrics.jsonl in, a figure of losses and of validation scores over the steps out."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from prompt_recovery.engines.figures import COLOURS, Drawing, canvas, drawing


def training_curves(lines: Sequence[dict[str, float]], kept_step: int) -> Drawing:
    """Draw the losses, and beside them the mean SCS of the validation answers; the step that was kept is marked."""
    splits = list(dict.fromkeys(key.split()[1] for line in lines for key in line if key.startswith(("valid ", "SCS "))))
    figure = canvas(9, 3.2)
    losses, scores = figure.subplots(1, 2)
    losses.plot(*_points(lines, "loss"), color=COLOURS[0], linewidth=1, label="train")
    for axes, kind in ((losses, "valid"), (scores, "SCS")):
        for split, colour in zip(splits, COLOURS[1:], strict=False):
            axes.plot(*_points(lines, f"{kind} {split}"), "o-", color=colour, markersize=4, label=split)
        _mark(axes, kept_step, max(line["step"] for line in lines))
    losses.set(title="loss", ylabel="nats a token of the answer")
    scores.set(title="validation answers", ylabel="mean SCS")
    figure.legend(*losses.get_legend_handles_labels(), loc="outside right center", frameon=False)
    caption = (
        f"Dots: the validation rows of each split. Dashed: step {kept_step:,}, whose weights were kept, for the mean "
        "of the splits' scores was highest there; the loss does not predict it."
    )
    return drawing("Training", caption, figure)


def _mark(axes: Axes, kept_step: int, last_step: int) -> None:
    axes.axvline(kept_step, color="#1c2733", linewidth=1, linestyle=(0, (4, 3)), label="kept", zorder=0)
    axes.set(xlabel="step", xlim=(0, 1.03 * last_step), ylim=(0, None))
    axes.grid(axis="y", alpha=0.3)


def _points(lines: Sequence[dict[str, float]], name: str) -> tuple[list[float], list[float]]:
    own = [line for line in lines if name in line]
    return [line["step"] for line in own], [line[name] for line in own]
