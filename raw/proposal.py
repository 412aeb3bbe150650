# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A contract for a table that nobody has described yet: what its shape says, and the questions that remain.

Belongs here: profiling a hand-made table, questions with their defaults, the three files. Does not belong here: finding
the table (`raw.families.eigene_tabelle`), asking people (`pipelines.new_source`).

What a column means is never guessed: concepts are offered by likeness of words, and without an answer a column is
`unknown`. The codes of a dimension (`unter 18 Jahre`, `männlich`) are read from the header, as in every contract.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from raw.families.eigene_tabelle import HandTable, is_figure, tables
from raw.families.pdf_tabelle import whole_tables
from raw.harvest.grid import Grid, open_grids
from raw.vocabulary.dimensions import code_from_label
from raw.vocabulary.measures import concepts, dimensions
from raw.vocabulary.period import parse_period

FAMILY, OF_PDF = "eigene_tabelle", "pdf_tabelle"
_KEY = re.compile(r"(0[1-9]|1[0-6]|99)(\d{3}|\d{6})")
_LOST_ZERO = re.compile(r"[1-9](\d{3}|\d{6})")
_POINTED = re.compile(r"[+-]?(\d+\.(\d{1,2}|\d{4,})|\d{4,}\.\d+|0\.\d+)")
_LEVELS = {2: "land", 5: "kreis", 8: "gemeinde"}
_TOTAL = re.compile(r"insgesamt|gesamt|summe|zusammen|total", re.IGNORECASE)
_MARK = re.compile(r"\s*(\d\)|\*+\)?|[¹²³])$")
_USUAL_SIGNS = {"-": "zero", "–": "zero", ".": "Q", "/": "Q", "x": "M", "X": "M", "…": "L", "...": "L", "*": "Q"}
"""Signs as DIN 55301 and the statistical offices use them; the source's own legend decides."""


class NoTable(ValueError):
    """The file holds no table of this shape."""


@dataclass(frozen=True)
class Question:
    """Something that the file does not say: `key` of the answer, what to offer, and what holds without an answer.

    `text` is a key of the messages, `about` what it is about. No default: an answer is needed.
    """

    key: str
    text: str
    default: str | None
    about: str = ""
    choices: tuple[str, ...] = ()


@dataclass
class Profile:
    """What the shape of a table says: its leading columns, where the period stands, its areas, signs and columns."""

    table: HandTable
    period: dict[str, str] = field(default_factory=dict)
    area: str | None = None
    name: str | None = None
    keyed: bool = False
    lost_zeros: int = 0
    areas: list[str] = field(default_factory=list)
    totals: list[str] = field(default_factory=list)
    decimal_points: int = 0
    signs: list[str] = field(default_factory=list)
    columns: dict[str, list[int]] = field(default_factory=dict)

    @property
    def patterns(self) -> list[str]:
        """Header paths of the data columns, years as `{date}`."""
        return list(self.columns)


def profile(path: Path) -> Profile:
    """Look at the largest table of a file. Raises NoTable, and Unreadable for what the gate keeps out."""
    grids = open_grids(path)
    paged = any(grid.tables is not None for grid in grids)
    found = whole_tables(grids) if paged else [table for grid in grids for table in tables(grid)]
    if not found:
        raise NoTable(path.name)
    table = max(found, key=lambda one: (one.end - one.first) * len(one.headers))
    result = Profile(table)
    _leading(result)
    _columns(result)
    _period_in_title(result)
    return result


def _texts(table: HandTable, column: int) -> list[str]:
    return [table.grid.text(row, column) for row in range(table.first, table.end)]


def _leading(result: Profile) -> None:
    """The columns in front of the figures: periods, keys, names; the first of each kind counts."""
    table = result.table
    for column, path in table.headers.items():
        texts = [text for text in _texts(table, column) if text]
        if not texts or not path:
            break
        if all(parse_period(text) for text in texts) and "stub" not in result.period and not parse_period(path):
            result.period = {"stub": path, "format": _format(texts)}
        elif all(_KEY.fullmatch(text) for text in texts) and result.area is None:
            result.area, result.keyed = path, True
        elif sum(not _is_number(table.grid, row, column) for row in range(table.first, table.end)) * 2 > len(texts):
            if result.name is None:
                result.name = path
        else:
            result.lost_zeros += sum(bool(_LOST_ZERO.fullmatch(text)) for text in texts) if not result.keyed else 0
            break
    if result.area is None and result.name is not None:
        result.area, result.name = result.name, None
    by_name = {path: _texts(table, column) for column, path in table.headers.items()}
    if result.area and not result.keyed:
        result.areas = list(dict.fromkeys(by_name[result.area]))
    elif result.area and result.name:
        pairs = zip(by_name[result.area], by_name[result.name], strict=True)
        result.totals = list(dict.fromkeys(name for key, name in pairs if not key and name))


def _format(texts: list[str]) -> str:
    """How fine the periods are that stand in a column."""
    lengths = {len(parse_period(text) or "") for text in texts}
    if lengths == {7}:
        return "quarter" if all("Q" in (parse_period(text) or "") for text in texts) else "month"
    return "year"


def _is_number(grid: Grid, row: int, column: int) -> bool:
    return is_figure(grid.rows[row][column])


def _columns(result: Profile) -> None:
    table = result.table
    leading = {result.area, result.name, result.period.get("stub")}
    signs: dict[str, None] = {}
    for column, path in table.headers.items():
        if path in leading or not path:
            continue
        segments = path.split(" | ")
        dated = ["{date}" if parse_period(segment) else segment for segment in segments]
        if dated != segments and not result.period:
            result.period = {"header": "{date}", "format": "year"}
        pattern = " | ".join(dated) if "header" in result.period else path
        result.columns.setdefault(pattern, []).append(column)
        for text in _texts(table, column):
            if text and not any(letter.isdigit() for letter in text) and len(text) < 4:
                signs.setdefault(text)
            result.decimal_points += _is_pointed(table, column, text)
    result.signs = list(signs)


def _is_pointed(table: HandTable, column: int, text: str) -> bool:
    """Whether a text is a number with a decimal point, where a point between thousands is read."""
    cells = (table.grid.rows[row][column] for row in range(table.first, table.end))
    return bool(_POINTED.fullmatch(text)) and any(isinstance(cell, str) and cell.strip() == text for cell in cells)


def _period_in_title(result: Profile) -> None:
    if result.period:
        return
    for title in result.table.titles:
        if found := re.search(r"(\S{1,40} )?\d{1,2}\.\d{1,2}\.\d{4}", title):
            result.period = {"text": f"{found[1] or ''}{{date}}", "format": "year"}
            return


def candidates(path: str) -> list[str]:
    """Concepts whose label is like a part of the header, best first."""
    labels = {concept.de.lower(): name for name, concept in concepts().items()}
    found: dict[str, None] = {}
    for segment in path.lower().split(" | "):
        for word in (segment, *segment.split()):
            found |= dict.fromkeys(labels[label] for label in get_close_matches(word, labels, 4, 0.75))
    return list(found)[:5]


def dims_of(path: str) -> dict[str, str]:
    """Listed codes and ages that the segments of a header name; a total names none."""
    dims: dict[str, str] = {}
    for segment in path.split(" | "):
        for name, dimension in dimensions().items():
            code = code_from_label(name, segment)
            listed = code in dimension.codes or (name == "age" and any(letter.isalpha() for letter in segment))
            if code and code != "total" and listed and name not in dims:
                dims[name] = code
                break
    return dims


def questions(found: Profile, name: str) -> list[Question]:
    """What has to be asked, in this order."""
    asked = [
        Question("id", "ask_id", name),
        Question("publisher", "ask_publisher", None),
        Question("licence", "ask_licence", "unstated"),
        Question("publicity", "ask_publicity", "confidential", choices=("public", "confidential")),
        Question("class", "ask_class", "social", choices=("none", "personal", "social", "establishment")),
        Question("redistribution", "ask_redistribution", "none", choices=("none", "internal", "public")),
        Question("basis", "ask_basis", "register"),
    ]
    if not found.period:
        asked.append(Question("year", "ask_year", None))
    if found.area is None or (found.areas and not found.keyed):
        asked.append(Question("ags", "ask_ags", None))
    if found.areas:
        asked.append(Question("level", "ask_level", "stadtteil"))
    asked += [Question(f"total {name}", "ask_total", None, name) for name in found.totals]
    asked += [Question(f"sign {sign}", "ask_sign", _USUAL_SIGNS.get(sign), sign) for sign in found.signs]
    return asked + [
        Question(f"column {path}", "ask_column", "unknown", path, tuple(candidates(path))) for path in found.patterns
    ]


def files(found: Profile, answers: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The contract as files (name without `.yml` → content): `source`, the table, and `areas` where it needs them."""
    source_id = answers["id"]
    table_id = f"{source_id}_1"
    publisher, title = answers["publisher"], _title(found) or source_id
    symbols = {sign: answers[f"sign {sign}"] for sign in found.signs}
    source = {
        "id": source_id,
        "title": {"de": title, "en": title},
        "publisher": publisher,
        "licence": answers["licence"],
        "cadence": "annual",
        "family": OF_PDF if found.table.grid.tables is not None else FAMILY,
        "owner": publisher,
        "publicity": answers["publicity"],
        "class": answers["class"],
        "legal_basis": answers.get("legal_basis", "ungeklärt / not settled"),
        "purpose": answers.get("purpose", "Sozialbericht"),
        "retention": answers.get("retention", "ungeklärt / not settled"),
        "redistribution": answers["redistribution"],
        "basis": answers["basis"],
        "symbols": symbols,
    }
    result: dict[str, dict[str, Any]] = {"source": source, table_id: _table(found, answers, table_id, title)}
    if found.areas:
        source["areas"] = {"level": answers["level"], "parent": answers["ags"], "list": "areas.yml"}
        result["areas"] = _areas(found, answers)
    elif found.totals:
        result["areas"] = _named_totals(found, answers)
        source["areas"] = {"level": result["areas"]["level"], "list": "areas.yml"}
    return result


def _named_totals(found: Profile, answers: Mapping[str, str]) -> dict[str, Any]:
    """Rows that have a name and no key: what they stand for was answered."""
    listed = []
    for name in found.totals:
        key = answers[f"total {name}"]
        level = _LEVELS.get(len(key), "bund" if key == "DG" else "gemeinde")
        listed.append({"key": key, "name": _MARK.sub("", name), "level": level, "codes": [name]})
    return {"vintage": answers.get("vintage", "2024"), "level": listed[0]["level"], "areas": listed}


def _title(found: Profile) -> str:
    return _MARK.sub("", next((title for title in found.table.titles if len(title) > 4), "")[:200]).strip()


def _table(found: Profile, answers: Mapping[str, str], table_id: str, title: str) -> dict[str, Any]:
    table: dict[str, Any] = {"id": table_id, "title": {"de": title, "en": title}, "detect": _detect(found)}
    table["period"] = found.period
    if found.area:
        table["area"] = {"stub": found.area}
    if found.name:
        table["stubs"] = [found.name]
    table["columns"] = {path: rule_of(path, answers[f"column {path}"]) for path in found.patterns}
    if sums := _sums(found, table["columns"]):
        table["identities"] = sums
    return table


def _detect(found: Profile) -> dict[str, str]:
    """What will stand there next year as well: the words of the title; without a title, the first headers."""
    if lasting := max(re.split(r"\W*\d[\d.]*\W*", _title(found)), key=len).strip():
        return {"header": found.area or next(iter(found.table.headers.values())), "title": lasting}
    paths = [path for path in found.table.headers.values() if path]
    dated = next((index for index, path in enumerate(paths) if re.search(r"\d{4}", path)), len(paths))
    return {"header": "; ".join(paths[: max(min(dated, 3), 1)])}


def rule_of(path: str, answer: str) -> Any:
    """The rule of a column: `unknown`, `ignore: reason`, or a concept, with the codes its header or the answer names.

    `pop` takes the codes of the header; `pop age=0-17 sex=f` says them itself; `pop all` takes none.
    """
    if answer == "unknown":
        return "unknown"
    if answer.startswith("ignore:"):
        return {"ignore": answer.removeprefix("ignore:").strip()}
    concept, *said = answer.split()
    dims = dict(part.split("=", 1) for part in said if "=" in part) if said else dims_of(path)
    return {"concept": concept} | ({"dims": dims} if dims else {})


def _sums(found: Profile, rules: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row of columns that add up to a total column, in every row of the file."""
    wholes = [path for path in found.patterns if _TOTAL.search(path.split(" | ")[-1]) and rules[path] != "unknown"]
    result: list[dict[str, Any]] = []
    for whole in wholes:
        group = whole.split(" | ")[0]
        parts = [path for path in found.patterns if path != whole and path.split(" | ")[0] == group]
        if len(parts) > 1 and all(rules[p] != "unknown" for p in parts) and _adds_up(found, parts, whole):
            result.append({"id": f"sum{len(result) + 1}", "parts": parts, "whole": whole})
    return result


def _adds_up(found: Profile, parts: list[str], whole: str) -> bool:
    grid, checked = found.table.grid, 0
    columns = [found.columns[path] for path in (*parts, whole)]
    if any(len(places) > 1 for places in columns):
        return False
    for row in range(found.table.first, found.table.end):
        figures = [grid.rows[row][places[0]] for places in columns]
        if all(isinstance(figure, float) for figure in figures):
            checked += 1
            if abs(sum(figures[:-1]) - figures[-1]) > 1e-6:  # type: ignore[arg-type, operator]
                return False
    return checked > 1


def _areas(found: Profile, answers: Mapping[str, str]) -> dict[str, Any]:
    """Areas by name, numbered as they stand; a total is the Gemeinde itself."""
    ags, number = answers["ags"], 0
    listed: list[dict[str, Any]] = []
    for text in found.areas:
        if _TOTAL.search(text):
            listed.insert(0, {"key": ags, "name": _MARK.sub("", text), "level": "gemeinde", "codes": [text]})
        else:
            number += 1
            listed.append({"key": f"{ags}-{number:02d}", "name": _MARK.sub("", text), "codes": [text]})
    return {"vintage": answers.get("vintage", "2024"), "level": answers["level"], "parent": ags, "areas": listed}


def as_text(content: Mapping[str, Any]) -> str:
    """A contract file."""
    return yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False, width=120, default_flow_style=None)
