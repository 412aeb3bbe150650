# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What the command prints: progress, tables, explanations.

Belongs here: how things look on a terminal. Does not belong here: what they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from assets.resources import SiteResource
from pipelines.explain import Explanation
from pipelines.messages import Speaker
from pipelines.report import Report, unexplained
from pipelines.run import Outcome, Progress
from quality.checks.comparison import CLASSES, Comparison
from raw.harvest.changes import Loss

MAX_LINES = 20
RULES = frozenset(
    ("agree", "part", "sum", "periods", "gemeinde", "kreis", "land", "factor", "repeated", "shifted", "exchanged",
     "twin", "copied", "revised", "scale", "fraction", "total", "apart")
)  # fmt: skip
"""Rules of the checks that have a sentence of their own (`rule.*`); every other violation is of a declared sum."""


@contextlib.contextmanager
def progress(say: Speaker, quiet: bool) -> Iterator[Progress]:
    """A line on stderr that names the station at work; on a file one line per kind of station."""
    console = Console(stderr=True, quiet=quiet, highlight=False)
    seen: set[str] = set()

    def name(step: str) -> tuple[str, str]:
        kind, _, which = step.partition("__")
        return say(f"station.{kind}"), which

    if console.is_terminal:
        with console.status("") as status:
            yield lambda step: status.update(" ".join(name(step)))
        return

    def line(step: str) -> None:
        kind = name(step)[0]
        if kind not in seen:
            seen.add(kind)
            console.print(f"  {kind} …")

    yield line


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u202f")


def show_report(say: Speaker, report: Report) -> None:
    """The tables of sources and tiers, and where the marts are."""
    console = Console(highlight=False, width=max(Console().width, 100))
    sources = Table(box=None, padding=(0, 2))
    for index, key in enumerate(("source", "files", "rejected", "observations", "quarantined")):
        sources.add_column(say(f"head.{key}"), justify="right" if index else "left", no_wrap=not index)
    for row in report.sources:
        figures = (row.files, row.rejected, row.observations, row.quarantined)
        sources.add_row(row.source, *(_number(figure) for figure in figures))
    console.print(sources)
    console.print()
    tiers = Table(box=None, padding=(0, 2))
    for index, key in enumerate(("tier", "cells", "withheld", "values", "shape")):
        tiers.add_column(say(f"head.{key}"), justify="right" if index else "left")
    for tier in report.tiers:
        shape = f"{_number(tier.kpis)} × {_number(tier.areas)} × {_number(tier.years)}"
        tiers.add_row(tier.tier, *(_number(figure) for figure in (tier.cells, tier.withheld, tier.values)), shape)
    console.print(tiers)
    console.print()
    for name, reason in report.waiting.items():
        console.print(say("waiting", name=name, reason=say(f"waiting.{reason}")), soft_wrap=True, markup=False)
    for loss in report.losses:
        console.print(missing_from(say, loss), soft_wrap=True, markup=False)
    for file, table, layout in report.layouts:
        console.print(say("read_as_layout", file=file, table=table, layout=layout), soft_wrap=True, markup=False)
    for source, count in report.corrections_stopped.items():
        console.print(say("corrections_stopped", source=source, count=count), soft_wrap=True, markup=False)
    for name, (reason, place) in report.refused.items():
        console.print(refusal(say, name, reason, place), soft_wrap=True, markup=False)
    if report.unclaimed:
        console.print(say("unclaimed", count=_number(report.unclaimed)))
    _limited(
        say,
        console,
        [
            say("revised", source=source, place=place, count=count)
            for source, places in report.revised.items()
            for place, count in places.items()
        ],
    )
    _limited(
        say,
        console,
        [
            say("lone_sign", source=source, place=place, status=status)
            for source, places in report.lone_signs.items()
            for place, status in places.items()
        ],
    )
    if report.marts is None:
        console.print(say("nothing_released"))
    else:
        console.print(say("marts_at", path=report.marts), soft_wrap=True)


def refusal(say: Speaker, name: str, reason: str, place: str) -> str:
    """Why a file was not opened, where in it, and what to do."""
    return say("refused", name=name, place=f", {place}" if place else "", reason=say(f"reason.{reason}"))


def missing_from(say: Speaker, loss: Loss) -> str:
    """What a delivery lost against the last one; the areas are named as keys, at most some of them."""
    named = ", ".join(loss.missing[:MAX_LINES]) + (" …" if len(loss.missing) > MAX_LINES else "")
    return say(f"loss.{loss.kind}", file=loss.file, table=loss.table, before=loss.before, now=loss.now, missing=named)


def show_run(
    say: Speaker, site: SiteResource, outcome: Outcome, report: Report, picture: Path | None, synthetic: bool
) -> None:
    """How a run ended: tables if all went well, otherwise what stopped it."""
    console = Console(highlight=False)
    if not outcome.ok:
        _show_failure(say, console, site, outcome)
        return
    console.print(say("release_is" if outcome.release_is_new else "release_same", id=outcome.release))
    console.print()
    show_report(say, report)
    if picture:
        console.print(say("picture_at", path=picture), soft_wrap=True)
    console.print(say("ui_how", command=_ui_command(site, synthetic)), soft_wrap=True)
    if synthetic:
        console.print(say("demo_note"))
    console.print(say("one_user"))
    console.print()
    if report.faults:
        count = len({(fault.file, fault.table) for fault in report.faults})
        console.print(say("run_rejected", seconds=outcome.seconds, count=count))
        _limited(say, console, [fault.sentence(say.language) for fault in report.faults])
        console.print(say("rejected_reports", path=site.path / "lake" / "reports"), soft_wrap=True)
    else:
        console.print(say("run_ok", seconds=outcome.seconds))


def _ui_command(site: SiteResource, synthetic: bool) -> str:
    return "make ui" if synthetic and site.path.name == "demo-site" else f"lagebild --site {site.path} ui"


def _limited(say: Speaker, console: Console, lines: list[str]) -> None:
    for line in lines[:MAX_LINES]:
        console.print(f"  {line}", soft_wrap=True, markup=False)
    if len(lines) > MAX_LINES:
        console.print("  " + say("more", count=len(lines) - MAX_LINES))


def _show_failure(say: Speaker, console: Console, site: SiteResource, outcome: Outcome) -> None:
    console.print(say("run_failed", seconds=outcome.seconds))
    lines = [say("failed_check", check=check, asset=asset) for asset, check in outcome.failed_checks]
    if not outcome.failed_checks:
        lines += [say("failed_step", step=step, message=message) for step, message in outcome.failed_steps]
    _limited(say, console, lines)
    violations = [
        _violation(say, asset.removeprefix("checked__"), entry)
        for asset, check in outcome.failed_checks
        if check == "identities"
        for entry in unexplained(site, asset.removeprefix("checked__"))
    ]
    if violations:
        _limited(say, console, violations)
        console.print(say("violations_how"), soft_wrap=True)


def _violation(say: Speaker, source: str, entry: dict[str, str]) -> str:
    """A declared sum by its name, any other rule in words."""
    rule = entry["identity"].partition(".")[0]
    if rule in RULES:
        return say("violations_rule", source=source, rule=say(f"rule.{rule}"), **entry)
    return say("violations", source=source, **entry)


def show_explanations(say: Speaker, explanations: list[Explanation]) -> None:
    """Formula, value, cells with their origins, and checks; a withheld value shows status and rules only."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for found in explanations:
        row = found.row
        console.print(
            f"{found.kpi['name'][say.language]}, {row['area_name'] or row['area']}, {row['period']} ({row['basis']})"
        )
        console.print(f"  {say('explain_formula')}: {found.formula}")
        if found.withheld:
            console.print("  " + say("explain_withheld", rules=found.rules))
            continue
        console.print(f"  {say('explain_value')}: {row['value']} {found.kpi['unit']} (Status {row['obs_status']})")
        console.print(f"  {say('explain_cells')}:")
        for line in found.cells:
            indent = "    " + "  " * line.depth
            console.print(f"{indent}{line.cell} = {line.value:.10g} {line.unit} [{line.relation}]")
            for origin in line.origins:
                place = f"{origin['file']} › {origin['sheet']}!{origin['cell']}"
                console.print(f"{indent}  ← {place} ({origin['source']}, {origin['table']}, {origin['snapshot']})")
            if line.omitted:
                console.print(f"{indent}  {say('explain_more_terms', count=line.omitted)}")
        console.print(f"  {say('explain_checks')}:")
        for check in found.checks:
            console.print("    " + say("explain_check_line", **check))


def show_comparison(say: Speaker, found: Comparison) -> None:
    """A line per KPI and table: how many figures of which class; no figure itself."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for row in found.counts().iter_rows(named=True):
        classes = ", ".join(f"{say(f'compare.{name}')} {_number(row[name])}" for name in CLASSES if row[name])
        console.print(f"{row['kpi']} ({row['source']}/{row['table']}): {classes}")
    for source, entry in found.stale:
        about = f"{', '.join(entry.kpis)} ({', '.join(entry.areas)}; {', '.join(entry.periods)})"
        console.print(say("compare_stale", source=source, table=entry.table, about=about))
    if found.rows.is_empty():
        console.print(say("compare_nothing"))
