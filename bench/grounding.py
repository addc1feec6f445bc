"""The verifier on claims with evidence: AttributionBench, WiCE and BEGIN, their development parts, as ``ragkit eval judge`` measures it.

The coefficients were fitted on AttributionBench and WiCE, so their quality there is told by the cross-validation that is recorded
with them; what is computed here with them all is beside it. BEGIN, and the supporting sentences of WiCE, were fitted on nothing.

``--verifier`` measures another one, by a name that ``ragkit eval judge`` knows.
"""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import islice
from typing import Any

from bench.common import data, emit, parser
from ragkit import Settings
from ragkit.eval.claims import Claim
from ragkit.eval.data import CONVERTERS
from ragkit.eval.judges import judge_named
from ragkit.eval.judging import Judgement, measure
from ragkit.eval.separation import Estimate

#: set -> its converter and file
SETS = {
    "AttributionBench dev": ("attributionbench", "attributionbench_dev.jsonl"),
    "WiCE dev, supported against the rest": ("wice", "wice_claims_dev.jsonl"),
    "BEGIN dev, Wizard of Wikipedia": ("begin", "begin_dev_wow.tsv"),
}
#: Figures that stand with the coefficients.
RECORDED = {"AUROC": "cross_validated_auroc", "balanced accuracy": "cross_validated_balanced_accuracy"}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N claims of each set")
    arguments.add_argument("--verifier", default="alignment", metavar="NAME", help="as of ragkit eval judge")
    arguments.add_argument("--sets", nargs="+", choices=tuple(SETS), default=tuple(SETS), metavar="SET", help=f"of {', '.join(SETS)}")
    given = arguments.parse_args()
    fitted = json.loads((files("ragkit.answer") / "verifier.json").read_text("utf-8")) if given.verifier == "alignment" else {}
    with judge_named(given.verifier, Settings()) as judge:
        judge.judge("A claim.", ["Some evidence."])
        rows = [_row(name, measure(judge, _claims(name, given.limit)), fitted) for name in given.sets]
    emit("grounding", rows, complete=not given.limit and given.verifier == "alignment" and len(rows) == len(SETS))


def _claims(name: str, limit: int) -> list[Claim]:
    converter, file = SETS[name]
    items = CONVERTERS[converter].items([data("grounding") / file], {})
    return [item for item in islice(items, limit or None) if isinstance(item, Claim)]


def _row(name: str, made: Judgement, fitted: dict[str, Any]) -> dict[str, Any]:
    sentences = {"supporting sentences, F1": made.sentences_f1, "the one sentence, F1": made.floor_sentences_f1} if made.sentences else {}
    return {
        "verifier": made.verifier,
        "set": name,
        "claims": made.claims,
        **{f"{what}, cross-validated": fitted[key][name] for what, key in RECORDED.items() if name in fitted.get(key, {})},
        "AUROC": _shown(made.judge.auroc),
        "AUROC, lexical floor": _shown(made.floor.auroc),
        "balanced accuracy": _shown(made.judge.at_half),
        "balanced accuracy, threshold of the other half": _shown(made.judge.balanced_accuracy),
        "the same, lexical floor": _shown(made.floor.balanced_accuracy),
        "failed": made.failures,
        "different when judged again": made.different,
        "ms a claim": round(made.milliseconds["mean"], 1),
        **{what: _shown(value) for what, value in sentences.items()},
    }


def _shown(estimate: Estimate) -> str:
    value, interval = estimate.value, estimate.interval
    return "" if value is None or interval is None else f"{value:.4f} ({interval[0]:.3f} to {interval[1]:.3f})"


if __name__ == "__main__":
    main()
