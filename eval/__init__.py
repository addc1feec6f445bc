"""Measures how well a store answers a file of questions: retrieval, answers, citations, abstention.

>>> from ragkit.eval.measures import Ndcg
>>> print(Ndcg(k=10))
nDCG@10
"""

from __future__ import annotations
