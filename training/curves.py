"""The curves of a report as PNG files; labels are English, so that no Chinese font is needed."""

from pathlib import Path

import numpy as np

from training.measure import Array, calibration_error, coverage_curve, reliability


def draw_curves(folder: Path, curves: dict[str, tuple[Array, Array]]) -> list[str]:
    """Write reliability.png and coverage.png; `curves` is split -> (confidence, right or not).

    Returns the names of the files, [] with matplotlib not installed or no curve to draw.
    """
    if not curves:
        return []
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return []

    def save(figure: Figure, name: str) -> str:
        FigureCanvasAgg(figure).print_png(folder / name, metadata={"Software": None})
        return name

    trust = Figure(figsize=(6, 6), layout="constrained")
    axes = trust.add_subplot(
        xlabel="confidence in level 1", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1)
    )
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for name, (confidence, right) in curves.items():
        means, shares, counts = np.array(reliability(confidence, right)).T
        label = f"{name}: n={len(right)}, ECE={calibration_error(confidence, right):.3f}"
        (line,) = axes.plot(means, shares, marker="o", markersize=3, label=label)
        for mean, share, count in zip(means, shares, counts, strict=True):
            axes.annotate(f"{count:.0f}", (mean, share), fontsize=6, color=line.get_color())
    axes.legend(loc="upper left")
    kept = Figure(figsize=(7, 5), layout="constrained")
    axes = kept.add_subplot(
        xlabel="share sent without review (surest first)", ylabel="accuracy of level 1 among them"
    )
    for name, (confidence, right) in curves.items():
        share, accuracy = coverage_curve(confidence, right)
        axes.plot(share, accuracy, label=f"{name}: all {accuracy[-1]:.3f}")
    axes.axhline(0.98, color="0.7", linewidth=1)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    return [save(trust, "reliability.png"), save(kept, "coverage.png")]
