"""``python -m bench [NAME…]``: runs benchmarks one after the other, each in its own process, and keeps their JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bench.common import parser

NAMES = (
    "retrieval", "answering", "speed", "speed_of_answers", "memory", "lexical", "dense", "scale", "parsers", "parsing", "roundtrip",
    "instructions", "pii", "injection", "grounding", "queries", "semantic", "conflicts", "clapnq",
    "eval_statistics",
)  # fmt: skip


def main() -> int:
    arguments = parser(__doc__)
    arguments.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; default: all")
    arguments.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    given = arguments.parse_args()
    unknown = [name for name in given.names if name not in NAMES]
    if unknown:
        arguments.error(f"no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    failed = [name for name in given.names or NAMES if not _run(name, given.results)]
    for name in failed:
        sys.stderr.write(f"failed: {name}\n")
    return 1 if failed else 0


def _run(name: str, results: Path) -> bool:
    sys.stderr.write(f"== {name}\n")
    done = subprocess.run([sys.executable, "-m", f"bench.{name}"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0 and done.stdout.strip():
        results.mkdir(parents=True, exist_ok=True)
        tree = json.loads(done.stdout)
        (results / f"{name}.json").write_text(json.dumps(tree, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
