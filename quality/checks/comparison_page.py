# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The comparison as a page: counts per KPI and table, the largest differences with their reasons.

Belongs here: which figures a page may show, and its words. Does not belong here: comparing (`comparison`). A figure
stands in it only if it is about Bund, Land, Kreis or city and its publisher prints it anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quality.checks.comparison import CLASSES, Comparison

_HEAD = """# Ours against theirs / Unsere Zahlen neben denen der Ämter

Rates, densities, shares and means that agencies print beside their counts are read as `published.<KPI>`
(`published:` in a contract), never become cells, and are compared with the KPI that the product computes from the
counts. Written by `lagebild compare --page`, not edited by hand; `make prove` repeats it on the real files.

Quoten, Dichten und Mittelwerte, die Ämter neben ihre Zahlen drucken, werden als `published.<KPI>` gelesen, nie zu
Zellen, und mit dem verglichen, was das Produkt aus den Zahlen rechnet.

- *equal*: ours rounds to theirs at the decimals they print; *rounding*: up to one unit of their last digit.
- *reference date* (another date or a mean), *basis* (another basis), *definition* (other delimitation), *source error*:
  explained in `raw/sources/<source>/differences.yml`. *tested*: from the parts that the explanation names, their figure
  came out.
- *no value*: the product has no value of that KPI for the area and year (a part is not delivered, or stands on two
  bases), so nothing is compared.
"""
_SHOWN = {name: name.replace("_", " ") for name in CLASSES}


def page(found: Comparison, count: int = 20) -> str:
    """The page in Markdown."""
    parts = [_HEAD, _counts(found), f"## The {count} largest differences / Die {count} größten Abweichungen\n"]
    parts.append("Relative to their figure. Figures of Stadtteile are not shown. / Bezogen auf die gedruckte Zahl.\n")
    parts.append("\n".join(_largest(number, row) for number, row in enumerate(_rows(found, count), 1)))
    if open_rows := found.of("unexplained").height:
        parts.append(f"\n{open_rows} differences are unexplained. / {open_rows} Abweichungen sind ungeklärt.")
    parts += [f"\n- stale explanation: {source}: {entry.table} {entry.kpis}" for source, entry in found.stale]
    return "\n".join(parts).rstrip() + "\n"


def _rows(found: Comparison, count: int) -> list[dict[str, Any]]:
    return list(found.largest(count).iter_rows(named=True))


def _counts(found: Comparison) -> str:
    heads = ["KPI", "table", "printed", "compared", *_SHOWN.values()]
    lines = ["| " + " | ".join(heads) + " |", "|---|---|" + "---:|" * (len(heads) - 2)]
    for row in found.counts().iter_rows(named=True):
        figures = [f"{row[name]:,}" for name in ("printed", "compared", *CLASSES)]
        lines.append(f"| {row['kpi']} | {row['source']}/{row['table']} | " + " | ".join(figures) + " |")
    explained = found.of(*CLASSES[2:6])
    tested = int(explained["tested"].sum())
    lines.append(f"\n{explained.height:,} differences are explained, {tested:,} of them tested.\n")
    return "\n".join(lines)


def _largest(number: int, row: Mapping[str, Any]) -> str:
    place = f"{row['area']} ({row['area_level']})" if row["showable"] else row["area_level"]
    line = f"{number}. `{row['kpi']}`, {place}, {row['period']}, {row['source']}/{row['table']}: {_SHOWN[row['class']]}"
    if row["showable"]:
        line += f"; ours {row['ours']:.{row['decimals'] if row['decimals'] < 3 else 2}f}, theirs {row['theirs']:.10g}"
    tested = ", tested" if row["tested"] else ""
    reasons = [f"   {row[key]}" for key in ("reason_de", "reason_en") if row[key]]
    return "\n".join([f"{line}{tested}.", *reasons])
