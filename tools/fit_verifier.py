"""Fits ``ragkit/answer/verifier.json``: is a claim backed by its evidence?

    python tools/fit_verifier.py DATA > ragkit/answer/verifier.json

``DATA`` holds ``grounding/attributionbench_dev.jsonl`` and ``grounding/wice_claims_dev.jsonl``. Positives: attributable claims,
and claims whose article supports all of them. Negatives: all others. Both sets weigh the same. The figures in the file come
from five-fold cross-validation; claims in answer to one question, or about one article, are in the same fold.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from logistic import fitted

from ragkit.answer.verify import SIGNALS, AlignmentVerifier
from ragkit.models.embedder import SentenceTransformerEmbedder
from ragkit.models.rerank import TokenCache

SETS = {
    "AttributionBench dev": ("attributionbench_dev.jsonl", "references", "attribution_label", "attributable", "question"),
    "WiCE dev, supported against the rest": ("wice_claims_dev.jsonl", "evidence", "label", "supported", "evidence"),
}


def main(data: Path) -> None:
    verifier = AlignmentVerifier(TokenCache(SentenceTransformerEmbedder()))
    sets, groups = {}, {}
    for name, (file, evidence, label, positive, about) in SETS.items():
        rows = [json.loads(line) for line in (data / "grounding" / file).read_text("utf-8").splitlines()]
        x = np.array([list(verifier.signals(row["claim"], row[evidence]).values()) for row in rows])
        y = np.array([row[label] == positive for row in rows])
        group = np.array([json.dumps(row[about]) for row in rows])
        sets[name] = (x[y], x[~y])
        groups[name] = (group[y], group[~y])
    print(json.dumps(fitted(sets, SIGNALS, "tools/fit_verifier.py", groups), indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
