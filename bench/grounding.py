"""The verifier on claims with evidence: AttributionBench and WiCE, their development parts, and the sentences that it names on WiCE.

The coefficients were fitted on these claims, so their quality is told by the cross-validation that is recorded with them;
what is computed here with them all is beside it. The supporting sentences were fitted on nothing. Their F1 is the mean over the
claims that have any, against the annotated set that fits best; its baseline names the one sentence with the most of the claim's words.

``--verifier`` measures another one by its name in ``answering.verifier``.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from bench.common import data, emit, json_lines, parser
from ragkit import Ragkit, Settings
from ragkit.answer.judging import NotJudged
from ragkit.eval.measures import auroc
from ragkit.records import Verdict
from ragkit.text.words import terms

SETS = {
    "AttributionBench dev": ("attributionbench_dev.jsonl", "references", "attribution_label", "attributable"),
    "WiCE dev, supported against the rest": ("wice_claims_dev.jsonl", "evidence", "label", "supported"),
}
#: Figures that stand with the coefficients.
RECORDED = {"AUROC": "cross_validated_auroc", "balanced accuracy": "cross_validated_balanced_accuracy"}
#: Claims that are judged twice.
AGAIN = 100


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N claims of each set")
    arguments.add_argument("--verifier", default="alignment", metavar="NAME", help="as in the setting answering.verifier")
    arguments.add_argument("--sets", nargs="+", choices=tuple(SETS), default=tuple(SETS), metavar="SET", help=f"of {', '.join(SETS)}")
    given = arguments.parse_args()
    fitted = json.loads((files("ragkit.answer") / "verifier.json").read_text("utf-8"))
    if given.verifier != "alignment":
        fitted = {}
    with Ragkit.in_memory(settings=Settings().with_values(**{"answering.verifier": given.verifier})) as kit:
        rows = [{"verifier": kit.verifier.id, **_row(kit, name, fitted, given.limit)} for name in given.sets]
    emit("grounding", rows, complete=not given.limit and given.verifier == "alignment" and len(rows) == len(SETS))


def _row(kit: Ragkit, name: str, fitted: dict[str, Any], limit: int) -> dict[str, Any]:
    file, evidence, label, positive = SETS[name]
    claims = list(json_lines(data("grounding") / file))[: limit or None]
    kit.judge("A claim.", ["Some evidence."])
    begin = time.perf_counter()
    verdicts = [kit.judge(claim["claim"], claim[evidence]) for claim in claims]
    seconds = time.perf_counter() - begin
    again = [kit.judge(claim["claim"], claim[evidence]) for claim in claims[:AGAIN]]
    yes = [v.support for v, claim in zip(verdicts, claims, strict=True) if claim[label] == positive]
    no = [v.support for v, claim in zip(verdicts, claims, strict=True) if claim[label] != positive]
    return {
        "set": name,
        "claims": len(claims),
        **{f"{what}, cross-validated": fitted[key][name] for what, key in RECORDED.items() if fitted},
        "AUROC": round(auroc(yes, no) or math.nan, 4),
        "balanced accuracy": round((sum(p >= 0.5 for p in yes) / len(yes) + sum(p < 0.5 for p in no) / len(no)) / 2, 4),
        "failed": sum(isinstance(v, NotJudged) for v in verdicts),
        "no number": sum(math.isnan(v.support) for v in verdicts),
        "different when judged again": sum(a != b for a, b in zip(verdicts, again, strict=False)),
        "ms a claim": round(1000 * seconds / len(claims), 1),
        **(_sentences(claims, verdicts) if "supporting_sentences" in claims[0] else {}),
    }


def _sentences(claims: Sequence[dict[str, Any]], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    rows = [(claim, verdict) for claim, verdict in zip(claims, verdicts, strict=True) if any(claim["supporting_sentences"])]
    named = [_f1(verdict.supporting, claim["supporting_sentences"]) for claim, verdict in rows]
    first = [_f1([_first(claim)], claim["supporting_sentences"]) for claim, _ in rows]
    return {"supporting sentences, F1": round(sum(named) / len(rows), 4), "the one sentence, F1": round(sum(first) / len(rows), 4)}


def _first(claim: dict[str, Any]) -> int:
    wanted = set(terms(claim["claim"]))
    return max(range(len(claim["evidence"])), key=lambda i: len(wanted & set(terms(claim["evidence"][i]))))


def _f1(named: Iterable[int], annotated: Sequence[Sequence[int]]) -> float:
    found = set(named)
    return max(2 * len(found & set(one)) / (len(found) + len(one)) for one in annotated if one)


if __name__ == "__main__":
    main()
