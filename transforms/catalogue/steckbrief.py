# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""One page per KPI for its readers: `python -m transforms.catalogue.steckbrief [FOLDER]` writes docs/kpis.

Here belong the words around the fields of the catalogue, in German and English. Not here: any fact about a KPI,
which stands in `kpis/<domain>.yml` only.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from raw.vocabulary.lists import lists
from raw.vocabulary.measures import concepts, measures
from transforms.catalogue.catalogue import load
from transforms.catalogue.checks import units
from transforms.catalogue.model import LOW_DENOMINATOR, Break, Catalogue, Kpi, parse_expression

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "kpis"
_DE = {
    "title": "Deutsch", "formula": "Formel", "unit": "Einheit", "date": "Stichtag",
    "every": "Erscheint", "basis": "Grundlage je Ebene und wie sie zählt",
    "levels": "Ebenen", "since": "Reihe ab", "limits": "Grenzen", "breaks": "Brüche", "parts": "Bestandteile",
    "only": "nur", "over": "nicht über den Bruch hinweg vergleichen", "not": "Was die Zahl nicht ist",
    "read": "Hinweis", "state": "Stand",
    "A": "jährlich", "Q": "vierteljährlich", "M": "monatlich",
    "stock_at_end": "Quartal: Stand am Ende", "mean_of_months": "Quartal: Mittel der Monate",
    "sum_of_flow": "Quartal: Summe",
    "delivered": "Wird je Ebene übernommen, nie über Gebiete addiert.",
    "statistics": "Wird vor der Geheimhaltung bestimmt; erscheint nur, wo alle Ausgangszahlen veröffentlicht sind.",
    "waiting": "Noch nicht gebildet.",
    "minimum": "kein Wert bei einem Nenner unter {low:g}, unsicher unter {high:g}",
}  # fmt: skip
_EN = {
    "title": "English", "formula": "Formula", "unit": "Unit", "date": "Reference date",
    "every": "Published", "basis": "Basis on each level and how it counts",
    "levels": "Levels", "since": "Series from", "limits": "Limits", "breaks": "Breaks", "parts": "Made from",
    "only": "only", "over": "do not compare across the break", "not": "What it is not",
    "read": "Note", "state": "State",
    "A": "annually", "Q": "quarterly", "M": "monthly",
    "stock_at_end": "quarter: stock at its end", "mean_of_months": "quarter: mean of months",
    "sum_of_flow": "quarter: sum",
    "delivered": "Taken per level as delivered, never added up over areas.",
    "statistics": "Made before disclosure control; appears only where all figures it is made from are public.",
    "waiting": "Not formed yet.",
    "minimum": "no value with a denominator below {low:g}, unreliable below {high:g}",
}  # fmt: skip
_DOMAINS = {
    "demography": "Bevölkerung / Population", "migration": "Migration / Migration", "labour": "Arbeit / Labour",
    "min_income": "Mindestsicherung / Minimum income",
    "children_education": "Kinder und Bildung / Children and education",
    "health_care": "Gesundheit und Pflege / Health and care", "housing": "Wohnen / Housing",
    "participation_safety": "Teilhabe und Sicherheit / Participation and safety", "finance": "Finanzen / Finance",
    "environment": "Umwelt / Environment", "digital": "Digitales / Digital", "composite": "Indizes / Indices",
}  # fmt: skip


def page(kpi: Kpi) -> str:
    """The Steckbrief of one KPI, German first."""
    parts = "\n".join("\n".join(_half(kpi, language, words)) for language, words in (("de", _DE), ("en", _EN)))
    return f"# {kpi.name.de} / {kpi.name.en}\n\n`{kpi.id}` · [{_DOMAINS[kpi.domain]}](README.md)\n\n{parts}"


def _half(kpi: Kpi, language: str, words: dict[str, str]) -> Iterator[str]:
    yield f"## {words['title']}\n"
    yield f"- **{words['formula']}:** `{kpi.formula}`"
    yield f"- **{words['parts']}:** {'; '.join(_parts(kpi, language))}"
    yield f"- **{words['unit']}:** {units()[kpi.unit][language]}"
    if kpi.reference_date:
        yield f"- **{words['date']}:** {getattr(kpi.reference_date, language)}"
    quarter = f" ({words[kpi.quarter_rule]})" if kpi.quarter_rule != "none" else ""
    yield f"- **{words['every']}:** {', '.join(words[freq] for freq in kpi.frequencies)}{quarter}"
    if kpi.basis:
        yield f"- **{words['basis']}:**"
        yield from (f"  - {line}" for line in _bases(kpi, language))
    if kpi.levels:
        yield f"- **{words['levels']}:** {'; '.join(lists()['area_levels'][code][language] for code in kpi.levels)}"
    if kpi.first_year:
        yield f"- **{words['since']}:** {kpi.first_year}"
    if kpi.min_denominator is not None:
        yield f"- **{words['limits']}:** {words['minimum'].format(low=kpi.min_denominator, high=LOW_DENOMINATOR)}"
    if kpi.breaks:
        reasons = "; ".join(_break(one, language, words) for one in kpi.breaks)
        over = "" if kpi.comparable_across_breaks else f" ({words['over']})"
        yield f"- **{words['breaks']}:** {reasons}{over}"
    if kpi.delivered_only or kpi.status != "computed":
        yield f"- **{words['state']}:** {words['delivered' if kpi.computable else kpi.status]}"
    yield f"- **{words['read']}:** {getattr(kpi.note, language)}"
    if kpi.not_to_be_read_as:
        yield f"- **{words['not']}:** {getattr(kpi.not_to_be_read_as, language)}"
    yield ""


def _break(one: Break, language: str, words: dict[str, str]) -> str:
    """Year and reason of a break, and the bases that it is on if it is not on all."""
    bases = ", ".join(lists()["bases"][code][language] for code in one.basis)
    return f"{one.first}: {getattr(one.reason, language)}" + (f" ({words['only']}: {bases})" if bases else "")


def _bases(kpi: Kpi, language: str) -> Iterator[str]:
    """Each basis with the levels on which it stands for this KPI, and how it counts."""
    order = list(lists()["area_levels"])
    for code in kpi.basis:
        basis = lists()["bases"][code]
        first, last = (order.index(level) for level in basis.get("levels", (order[0], order[-1])))
        names = [lists()["area_levels"][level][language] for level in kpi.levels if first <= order.index(level) <= last]
        where = f" ({', '.join(names)})" if names else ""
        method = f": {basis['method'][language]}" if "method" in basis else ""
        yield f"{basis[language]}{where}{method}"


def _parts(kpi: Kpi, language: str) -> list[str]:
    """Every measure of the formula with the words of its concept; a KPI among the inputs with its link."""
    names = [name for text in kpi.expressions for _, name in parse_expression(text)] or list(kpi.inputs)
    found = []
    for name in dict.fromkeys(names):
        measure = measures().get(name)
        if measure is None:
            found.append(f"[`{name}`]({name}.md)")
        else:
            found.append(f"`{name}` ({getattr(concepts()[measure.concept], language)})")
    return found


def index(catalogue: Catalogue) -> str:
    """All KPIs by domain."""
    lines = ["# Kennzahlen / Indicators\n",
             f"{len(catalogue)} Kennzahlen, erzeugt aus `transforms/catalogue/kpis` mit",
             "`python -m transforms.catalogue.steckbrief`. Generated; do not edit."]  # fmt: skip
    for domain, title in _DOMAINS.items():
        entries = [kpi for kpi in catalogue if kpi.domain == domain]
        if entries:
            lines.append(f"\n## {title}\n")
            lines += [f"- [{kpi.name.de} / {kpi.name.en}]({kpi.id}.md)" for kpi in entries]
    return "\n".join(lines) + "\n"


def pages(catalogue: Catalogue) -> dict[str, str]:
    """File name -> content, the index included."""
    return {"README.md": index(catalogue), **{f"{kpi.id}.md": page(kpi) for kpi in catalogue}}


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for name, content in pages(load()).items():
        (target / name).write_text(content, encoding="utf-8")
