# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Hierarchies: which codes of a dimension sum to which.

Belongs here: one hierarchy, its forms in files, and what is wrong with it. Does not belong here: the sums of a table
(`equations`).

A dimension may have several hierarchies, also over the same codes: districts sum to regions and to groups of regions.
Within one, every code has one parent at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from quality.disclosure.model.faults import BadInput, Fault, fault, listed


@dataclass(frozen=True)
class Hierarchy:
    """One hierarchy: `parents` leads from a code to its parent; a code that is no key is a root.

    `total` stands for a flat one: every code that is found in the tables and stands in no other hierarchy of the
    dimension sums to it.
    """

    dimension: str
    parents: Mapping[str, str]
    total: str | None = None
    name: str = ""

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"{self.dimension} ({self.name})" if self.name else self.dimension

    @property
    def codes(self) -> set[str]:
        """All codes that stand in it."""
        return {*self.parents, *self.parents.values(), *([self.total] if self.total is not None else [])}

    @classmethod
    def flat(cls, dimension: str, total: str) -> Hierarchy:
        """All codes sum to the total."""
        return cls(dimension, {}, total)

    @classmethod
    def none(cls, dimension: str) -> Hierarchy:
        """A dimension whose codes do not sum to anything: stocks of several days, areas of several lists."""
        return cls(dimension, {})

    @classmethod
    def from_pairs(cls, dimension: str, pairs: Iterable[tuple[str, str]], name: str = "") -> Hierarchy:
        """From pairs of code and parent; the parent of a root is empty. Raises BadInput with every fault."""
        above: dict[str, set[str]] = {}
        for code, parent in pairs:
            above.setdefault(str(code), set()).update([str(parent)] if parent not in ("", None) else [])
        label = f"{dimension} ({name})" if name else dimension
        faults = [
            fault("two_parents", hierarchy=label, code=code, parents=listed(sorted(parents)))
            for code, parents in sorted(above.items())
            if len(parents) > 1
        ]
        faults += [
            fault("no_such_parent", hierarchy=label, code=code, parent=parent)
            for code, parents in sorted(above.items())
            for parent in sorted(parents)
            if parent not in above
        ]
        made = cls(dimension, {code: min(parents) for code, parents in sorted(above.items()) if parents}, None, name)
        faults += _cycles(made)
        if faults:
            raise BadInput(faults)
        return made

    @classmethod
    def from_frame(cls, dimension: str, frame: pl.DataFrame, name: str = "") -> Hierarchy:
        """From a table with the columns `code` and `parent` (empty for a root); others are passed over."""
        if not {"code", "parent"} <= set(frame.columns):
            found = ", ".join(frame.columns)
            raise BadInput([fault("hierarchy_columns", hierarchy=name or dimension, found=found)])
        pairs = frame.select(pl.col("code", "parent").cast(pl.String).fill_null(""))
        return cls.from_pairs(dimension, pairs.iter_rows(), name)

    @classmethod
    def from_tree(cls, dimension: str, tree: Any, name: str = "") -> Hierarchy:
        """From nested mappings and lists: `{T: {U25: [U18, 18-24], 25+: []}}`."""
        return cls.from_pairs(dimension, _pairs(tree, ""), name)

    @classmethod
    def from_levels(cls, dimension: str, frame: pl.DataFrame, total: str = "", name: str = "") -> Hierarchy:
        """From one column per level, the uppermost first, as correspondence tables have it."""
        text = frame.select(pl.all().cast(pl.String))
        pairs: set[tuple[str, str]] = set()
        for upper, lower in zip(text.columns, text.columns[1:], strict=False):
            pairs |= {(a, b) for a, b in text.select(lower, upper).iter_rows() if a != b}
        top = set(text[text.columns[0]].to_list())
        pairs |= {(code, total) for code in top} | ({(total, "")} if total else set())
        return cls.from_pairs(dimension, sorted(pairs), name)


def _pairs(tree: Any, parent: str) -> Iterable[tuple[str, str]]:
    if isinstance(tree, Mapping):
        for code, below in tree.items():
            yield str(code), parent
            yield from _pairs(below or [], str(code))
    elif isinstance(tree, Sequence) and not isinstance(tree, str):
        for entry in tree:
            yield from _pairs(entry, parent)
    else:
        yield str(tree), parent


def _cycles(hierarchy: Hierarchy) -> list[Fault]:
    """Every cycle once, from its smallest code on."""
    found: set[tuple[str, ...]] = set()
    done: set[str] = set()
    for code in hierarchy.parents:
        path: list[str] = []
        at: str | None = code
        while at is not None and at not in done and at not in path:
            path.append(at)
            at = hierarchy.parents.get(at)
        if at in path:
            cycle = path[path.index(at) :]
            first = cycle.index(min(cycle))
            found.add((*cycle[first:], *cycle[:first]))
        done.update(path)
    return [fault("cycle", hierarchy=hierarchy.label, codes=listed(list(one))) for one in sorted(found)]


def read_hierarchies(path: Path) -> list[Hierarchy]:
    """The hierarchies of a YAML file: per dimension one form or a list of them; an empty list for one without sums.

    `{total: T}`: every other code sums to T. `{tree: {T: [...]}}`: nested. `{file: geo.csv}`: a CSV file beside this
    one, with the columns code and parent. Raises BadInput with the faults of all hierarchies.
    """
    content = yaml.load(path.read_text("utf-8"), yaml.BaseLoader) or {}
    hierarchies: list[Hierarchy] = []
    faults: list[Fault] = []
    for dimension, forms in content.items():
        if forms == []:
            hierarchies.append(Hierarchy.none(str(dimension)))
        several = isinstance(forms, list)
        for number, form in enumerate(forms if several else [forms], 1):
            try:
                hierarchies.append(_of_form(str(dimension), form, path.parent, str(number) if several else ""))
            except BadInput as error:
                faults += error.faults
    if faults:
        raise BadInput(faults)
    return hierarchies


def _of_form(dimension: str, form: Any, folder: Path, name: str) -> Hierarchy:
    match form:
        case {"total": str(total), **rest} if not rest:
            return Hierarchy.flat(dimension, total)
        case {"tree": tree, **rest} if not rest:
            return Hierarchy.from_tree(dimension, tree, name)
        case {"file": str(file), **rest} if not rest:
            frame = pl.read_csv(folder / file, infer_schema=False)
            return Hierarchy.from_frame(dimension, frame, file)
    raise BadInput([fault("hierarchy_form", hierarchy=dimension, found=form)])
