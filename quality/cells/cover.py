# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which delivered cells add up to a measure: age groups that cover an interval, halves that make a whole.

Belongs here: finding the pieces, from dimension strings alone. Does not belong here: adding up values.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from functools import lru_cache

from raw.vocabulary.dimensions import OPEN_AGE, age_interval, format_dims, parsed_dims
from raw.vocabulary.measures import partitions


def cover_ages(wanted: str, offered: Iterable[str]) -> tuple[str, ...] | None:
    """The fewest disjoint age groups that together are exactly the wanted one (`0-17`, `65+`), or None.

    A group that begins at 0 and is open stands for all ages.
    """
    low, high = age_interval(wanted)
    starting: dict[int, list[tuple[int, str]]] = {}
    for code in offered:
        first, last = age_interval(code)
        starting.setdefault(first, []).append((last, code))
    best: dict[int, tuple[str, ...]] = {low: ()}
    for position in sorted({low, *(last + 1 for ends in starting.values() for last, _ in ends)}):
        if position not in best:
            continue
        for last, code in sorted(starting.get(position, [])):
            following = last + 1
            pieces = (*best[position], code)
            if last <= high and (following not in best or len(pieces) < len(best[following])):
                best[following] = pieces
    return best.get(high + 1)


def _pieces(dimension: str, wanted: str | None, offered: set[str]) -> tuple[str, ...] | None:
    """Codes of one dimension that add up to the wanted code, or (wanted None) to everybody."""
    if wanted is not None and wanted in offered:
        return (wanted,)
    if dimension == "age":
        return cover_ages(wanted or f"0-{OPEN_AGE}", offered)
    if wanted is None:
        partition = partitions().get(dimension, ())
        return partition if partition and set(partition) <= offered else None
    return None


@lru_cache(maxsize=4096)
def _by_signature(offered: frozenset[str]) -> tuple[tuple[tuple[str, ...], frozenset[str], dict[str, set[str]]], ...]:
    """The texts with the same dimensions: these dimensions, the texts, and the codes of each dimension."""
    texts: dict[tuple[str, ...], set[str]] = {}
    for text in sorted(offered):
        texts.setdefault(tuple(sorted(parsed_dims(text))), set()).add(text)
    return tuple(
        (signature, frozenset(own), {key: {parsed_dims(text)[key] for text in own} for key in signature})
        for signature, own in texts.items()
    )


def cover(wanted: Mapping[str, str], offered: Iterable[str]) -> tuple[str, ...] | None:
    """The fewest offered dimension strings that add up to the wanted dimensions, or None.

    `offered` are the dimension strings of one concept in one table. Of several ways the one with the fewest pieces
    is taken, then the one with the fewest dimensions, then the first in order.
    """
    found: list[tuple[int, int, tuple[str, ...]]] = []
    for signature, texts, codes in _by_signature(frozenset(offered)):
        if not set(wanted) <= set(signature):
            continue
        choices = [_pieces(dimension, wanted.get(dimension), codes[dimension]) for dimension in signature]
        if any(choice is None for choice in choices):
            continue
        pieces = tuple(
            format_dims(dict(zip(signature, combination, strict=True)))
            for combination in itertools.product(*(choice or () for choice in choices))
        )
        if set(pieces) <= texts:
            found.append((len(pieces), len(signature), pieces))
    return min(found)[2] if found else None
