"""Documents that say the same, and passages that do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from ragkit.records import Jsonable, record
from ragkit.store.catalog import Catalog

if TYPE_CHECKING:
    from datasketch import MinHash

#: Words of a shingle, and hash functions of a signature: the estimate's standard error is at most .5 / sqrt(128) = .044.
_WORDS = 5
_HASHES = 128
#: Characters a word, on average, above which there are no blanks between words.
_LONG = 20


@record
class Duplicates(Jsonable):
    """Documents that are copies of one another: ``exact`` (the same bytes) or ``near``. ``uris`` are sorted; ``similarity`` is the
    lowest estimated Jaccard similarity, in [0, 1], of a document to another one of the group."""

    kind: Literal["exact", "near"]
    uris: tuple[str, ...]
    similarity: float


def duplicates(catalog: Catalog, threshold: float) -> list[Duplicates]:
    """Groups of live documents with the same bytes, and groups whose texts share at least ``threshold`` of their shingles of
    five words, by MinHash signatures and locality-sensitive hashing (Broder 1997; Leskovec et al., "Mining of Massive
    Datasets", ch. 3). Documents of one exact group stand in a near group once. Reads every text.
    """
    with catalog.snapshot() as connection:
        copies: dict[str, list[str]] = defaultdict(list)
        for row in catalog.live_rows(connection):
            copies[row.sha256].append(row.uri)
        first = {min(uris) for uris in copies.values()}
        texts = ((uri, catalog.document(connection, uri).parsed.text) for uri in sorted(first))
        exact = [Duplicates(kind="exact", uris=tuple(sorted(uris)), similarity=1.0) for uris in copies.values() if len(uris) > 1]
        return sorted([*exact, *_near(texts, threshold)], key=lambda group: (group.kind, group.uris))


def _near(texts: Iterable[tuple[str, str]], threshold: float) -> Iterator[Duplicates]:
    from datasketch import MinHashLSH

    table = MinHashLSH(threshold=threshold, num_perm=_HASHES)
    signatures: dict[str, MinHash] = {}
    similar: dict[str, float] = {}
    group_of: dict[str, list[str]] = {}
    for uri, text in texts:
        signature = _signature(text)
        if signature is None:
            continue
        for other in table.query(signature):
            similarity = signature.jaccard(signatures[other])
            if similarity < threshold:
                continue
            for member in (uri, other):
                similar[member] = max(similar.get(member, 0.0), similarity)
            _join(group_of, uri, other)
        table.insert(uri, signature)
        signatures[uri] = signature
    for group in {id(group): group for group in group_of.values()}.values():
        yield Duplicates(kind="near", uris=tuple(sorted(group)), similarity=min(similar[uri] for uri in group))


def _join(group_of: dict[str, list[str]], uri: str, other: str) -> None:
    """Makes the groups of two documents one."""
    one, two = group_of.get(uri, [uri]), group_of.get(other, [other])
    joined = one if one is two else [*one, *two]
    group_of.update(dict.fromkeys(joined, joined))


def _signature(text: str) -> MinHash | None:
    """The signature of a text; ``None`` for one that is too short to be compared."""
    from datasketch import MinHash

    found = shingles(text)
    if not found:
        return None
    signature = MinHash(num_perm=_HASHES)
    signature.update_batch([shingle.encode("utf-8") for shingle in found])
    return signature


def shingles(text: str) -> set[str]:
    """The runs of five words of a text, or of five characters where words have no blanks between them, in lower case; none if
    there are fewer."""
    words = text.casefold().split()
    if len(text) > _LONG * max(1, len(words)):
        words = list("".join(words))
    return {" ".join(words[i : i + _WORDS]) for i in range(len(words) - _WORDS + 1)}


def resemblance(a: set[str], b: set[str]) -> float:
    """The Jaccard similarity of two sets of shingles, in [0, 1]; 0 where one of them is empty."""
    return len(a & b) / len(a | b) if a and b else 0.0
