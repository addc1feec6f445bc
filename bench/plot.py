"""Draws the result of the ``scale`` benchmark: how each cost grows with the number of passages (needs matplotlib).

``python -m bench.plot bench/results/scale.json docs/scale.png``
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: Panels: title, and what is drawn in it by its name in the result.
PANELS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("search, ms", {"search p99, ms": "p99", "search p50, ms": "p50", "of it the question's vector p50, ms": "the question's vector"}),
    ("filtered search, p50 in ms", {f"filter {share}: p50, ms": f"{share} visible" for share in ("10 %", "1 %", "0.2 %")}),
    ("opening, s", {"open, s": "open"}),
    ("resident memory, MiB", {"resident, MiB": "in all", "of it the model, MiB": "the model"}),
    ("adding 1,000 documents / embedding them", {"adding 1,000 / embedding them": "ratio"}),
    ("deleting until no search finds it, ms", {"deleted, and a search does not find it, p50, ms": "p50"}),
)
COLOURS = ("#1f6f8b", "#e07a3f", "#7a7a7a")


def draw(rows: Sequence[Mapping[str, Any]], target: Path) -> None:
    """Six small panels over the number of passages, all from zero."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 3, figsize=(10.5, 5.6), layout="constrained")
    sizes = [row["chunks"] for row in rows]
    for axis, (title, series) in zip(axes.flat, PANELS, strict=True):
        top, said = max(row[name] for row in rows for name in series), -1.0
        for (name, label), colour in zip(series.items(), COLOURS, strict=False):
            values = [row[name] for row in rows]
            axis.plot(sizes, values, marker="o", color=colour, label=label)
            if abs(values[-1] - said) > top / 20:
                said = values[-1]
                axis.annotate(f"{said:.3g}", (sizes[-1], said), (-4, 5), textcoords="offset points", ha="right", fontsize=8)
        axis.set_title(title, fontsize=10)
        axis.set(xscale="log", ylim=(0, 1.18 * top))
        axis.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=8)
        axis.minorticks_off()
        axis.grid(axis="y", alpha=0.3)
        if len(series) > 1:
            axis.legend(fontsize=8, frameon=False)
    figure.supxlabel("passages", fontsize=9)
    figure.savefig(target, dpi=90, pil_kwargs={"optimize": True})


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("result", type=Path)
    arguments.add_argument("target", type=Path)
    given = arguments.parse_args()
    draw(json.loads(given.result.read_text("utf-8"))["rows"], given.target)


if __name__ == "__main__":
    main()
