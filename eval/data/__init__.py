"""Public sets and one's own tables, converted to ragkit's question, document, claim and response files. One format a file.

>>> from ragkit.eval.data import CONVERTERS, DATASETS
>>> sorted(CONVERTERS)[:3], DATASETS[0].converter
(['alce', 'attributionbench', 'begin'], 'beir')
"""

from __future__ import annotations

from .alce import Alce
from .attributionbench import AttributionBench
from .base import BadData, Converter, Recorded, Text
from .begin import Begin
from .beir import Beir
from .clapnq import Clapnq
from .columns import Columns
from .known import DATASETS, Dataset
from .scifact import SciFact
from .squad import Squad
from .trec import Trec
from .wice import Wice

__all__ = ["CONVERTERS", "DATASETS", "BadData", "Converter", "Dataset", "Recorded", "Text"]

#: name -> what reads it
CONVERTERS: dict[str, Converter] = {
    one.NAME: one for one in (Beir(), Squad(), Clapnq(), Alce(), Wice(), AttributionBench(), Begin(), SciFact(), Trec(), Columns())
}
