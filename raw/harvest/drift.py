# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A delivery that no longer fits its contract: the one report with every fault, and the patch that would make it fit.

Belongs here: proposals for a contract, drawn from headers. Does not belong here: finding faults (`mapping`, families),
and deciding: a patch is read and put into the contract by somebody who knows what the new column means.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml

from raw.contracts import Source, TableContract
from raw.harvest.columns import ColumnMatch, match_columns
from raw.harvest.faults import Fault
from raw.harvest.gate import Unreadable
from raw.harvest.grid import open_grids
from raw.harvest.harvest import memo_key
from raw.harvest.layout import LayoutFault, family
from raw.lake.files import atomic, restricted_folder

ALIKE = 0.5
"""Two header texts that are at least this alike (`difflib`) are taken for a renaming."""


def patch(path: Path, source: Source, table: TableContract) -> dict[str, Any]:
    """The columns of the contract that would have to change: a renamed header as an alias, a new one as `unknown`.

    Empty where the columns are not what is wrong. A header that reads like a figure is never taken over.
    """
    columns: dict[str, Any] = {}
    for headers, match in _matches(path, source, table):
        new = [headers[column] for column in match.unknown if _is_text(headers[column])]
        for key in match.missing:
            if renamed := _renamed(key, new, alone=len(new) == len(match.missing) == 1):
                new.remove(renamed)
                columns[key] = _with_alias(table, key, renamed)
        columns |= dict.fromkeys(new, "unknown")
    return {"columns": columns} if columns else {}


def _matches(path: Path, source: Source, table: TableContract) -> list[tuple[dict[int, str], ColumnMatch]]:
    try:
        blocks = family(source.contract.family).blocks(open_grids(path), table)
    except (LayoutFault, Unreadable):
        return []
    headed = [{column: text for column, text in block.headers.items() if text} for block in blocks]
    return [(headers, match_columns(headers, table)) for headers in headed]


def _is_text(path: str) -> bool:
    return all(any(letter.isalpha() for letter in part) or part.isdigit() for part in path.split(" | ")) and any(
        letter.isalpha() for letter in path
    )


def _renamed(key: str, new: list[str], alone: bool) -> str | None:
    alike = {text: SequenceMatcher(None, key, text).ratio() for text in new}
    best = max(alike, key=lambda text: alike[text], default=None)
    return best if best is not None and (alone or alike[best] >= ALIKE) else None


def _with_alias(table: TableContract, key: str, header: str) -> dict[str, Any]:
    rule = table.columns[key]
    stated = rule.model_dump(exclude_defaults=True)
    return {**stated, "aliases": [*rule.aliases, header]}


def nearest(path: Path, sources: Mapping[str, Source]) -> tuple[str, str, dict[str, Any]] | None:
    """For a file that no contract claims: the table (source, id) whose `detect` is most like what a family found,
    and the `detect` that would claim the file; None where nothing is alike."""
    try:
        grids = open_grids(path)
    except Unreadable:
        return None
    best: tuple[float, str, str, dict[str, Any]] | None = None
    for source in sources.values():
        for found in family(source.contract.family).identify(grids):
            for table in source.tables.values():
                score, detect = _fit(table.detect, found)
                if score >= ALIKE and (best is None or score > best[0]):
                    best = (score, source.id, table.id, {"detect": detect})
    return best[1:] if best else None


def _fit(detect: str | dict[str, str | list[str]], found: Mapping[str, str]) -> tuple[float, Any]:
    """How like a contract's `detect` is to what a family found, and the `detect` that would fit."""
    wanted = {"code": detect} if isinstance(detect, str) else detect
    scores, fitting = [], {}
    for key, texts in wanted.items():
        have = found.get(key, "")
        parts = [texts] if isinstance(texts, str) else texts
        held = all(part == have if key == "code" else part in have for part in parts)
        scores.append(1.0 if held else SequenceMatcher(None, " ".join(parts), have).ratio() if have else 0.0)
        fitting[key] = texts if held else have
    return min(scores), fitting["code"] if isinstance(detect, str) else fitting


def as_yaml(proposal: Mapping[str, Any]) -> str:
    """A patch as it goes into the contract."""
    return yaml.safe_dump(dict(proposal), allow_unicode=True, sort_keys=False, width=120) if proposal else ""


def report(faults: list[Fault], proposal: Mapping[str, Any], place: str) -> str:
    """Every fault of one file and table in German and English, and the patch, as one YAML file.

    `place` is the contract that the patch belongs to.
    """
    lines = []
    for language, heading in (
        ("de", "Zurückgewiesen, der letzte gute Stand gilt weiter"),
        ("en", "Rejected, the last good data stay"),
    ):
        lines += [f"# {heading}:", *(f"#   {fault.sentence(language)}" for fault in faults), "#"]
    if proposal:
        lines += [
            f"# Vorschlag für {place} (prüfen, was die neue Spalte bedeutet; sonst die Datei berichtigen lassen):",
            f"# Proposal for {place} (decide what the new column means; otherwise have the file corrected):",
            as_yaml(proposal).rstrip(),
        ]
    return "\n".join(lines) + "\n"


def write_report(
    lake: Path, snapshot: Path, sha256: str, source: Source, table: TableContract, faults: list[Fault]
) -> Path:
    """The report of a rejected file in `lake/reports` (0600); written once per file, contract and reader."""
    folder = restricted_folder(restricted_folder(lake) / "reports")
    target = folder / f"rejected__{source.id}__{table.id}__{sha256[:12]}.yml"
    key = f"# {memo_key(sha256, source, table)}\n"
    if not target.exists() or not target.read_text("utf-8").startswith(key):
        with atomic(target) as part:
            text = report(faults, patch(snapshot, source, table), f"sources/{source.id}/{table.id}.yml")
            part.write_text(key + text, "utf-8")
    return target
