"""The guide's helpers stand beside its tests."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # tests are imported one by one; their helpers stand beside them
