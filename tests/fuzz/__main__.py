"""``python -m tests.fuzz``: changed documents for every parser, through the real pool. Exit code 1 when something was found."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path

os.environ.update({"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"})  # before anything that starts threads is loaded


def main() -> int:
    from tests.fuzz import running

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for each parser")
    parser.add_argument("--parser", action="append", default=[], metavar="NAME", help="its entry point's name; may be given more than once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the documents that something was wrong with are written")
    given = parser.parse_args()
    known = running.parsers()
    if unknown := [name for name in given.parser if name not in known]:
        parser.error(f"no parser {unknown[0]!r}; there are {', '.join(sorted(known))}")
    print(f"{'parser':<12}{'inputs':>8}{'a second':>10}{'gave text':>11}{'slowest s':>11}{'findings':>10}", flush=True)
    bad = 0
    for name in sorted(given.parser or known):
        tally = running.fuzz(name, known[name], seconds=given.seconds, seed=given.seed)
        rate, share = tally.inputs / (tally.seconds or 1), tally.parsed / tally.inputs
        print(f"{name:<12}{tally.inputs:>8}{rate:>10.0f}{share:>11.0%}{tally.slowest:>11.2f}{len(tally.findings):>10}", flush=True)
        for finding in tally.findings.values():
            bad += 1
            place = _keep(finding, given.keep)
            print(f"  {finding.kind}: {finding.reason[:300]} ({finding.uri}, {len(finding.data)} bytes) {place}", flush=True)
    print(f"seed {given.seed}: {bad} findings")
    return 1 if bad else 0


def _keep(finding: object, folder: Path | None) -> str:
    """Writes the document, and says where."""
    from tests.fuzz.running import Finding

    if folder is None or not isinstance(finding, Finding):
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(finding.data).hexdigest()[:8]
    path = folder / f"{finding.parser}-{finding.kind}-{digest}{Path(finding.uri.split()[0]).suffix}"
    path.write_bytes(finding.data)
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
