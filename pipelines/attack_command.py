# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The command `lagebild attack`: its options, exit codes and messages.

Belongs here: who reads what, and what may be said of the findings. Does not belong here: the attack (`quality.attack`).

Said are counts per KPI, measure, level and year, never a value. Intervals are written only into a restricted folder,
and only if one is named. Exit codes: 0 nothing was recovered; 1 something was; 2 wrong call or no release.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipelines.cli import Call
    from quality.attack.attack import Findings

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("releases", type=click.Path(path_type=Path, file_okay=False, exists=True), nargs=-1)
@click.option("--tier", type=click.Choice(["public", "internal"]), help="Readers of this tier only; default: of each.")
@click.option("--threshold", type=click.IntRange(2), default=3, show_default=True, help="Counts below it are small.")
@click.option("--zeros-published", is_flag=True, help="Every true zero is shown: what is withheld is at least 1.")
@click.option("--seconds", type=click.IntRange(1), default=300, show_default=True, help="Time for each reader.")
@click.option("--review", type=_FOLDER, help="Restricted folder (0700) for the interval of every withheld count.")
@click.pass_obj
def attack(
    call: Call,
    /,
    releases: tuple[Path, ...],
    tier: str | None,
    threshold: int,
    zeros_published: bool,
    seconds: int,
    review: Path | None,
) -> None:
    """Try to work withheld counts out from published files alone: RELEASES, or all releases of the site."""
    from pipelines.cli import OK, STOPPED, WRONG
    from quality.attack.attack import TIERS
    from quality.attack.attack import attack as attacked
    from quality.attack.programs import Limits
    from quality.attack.published import NothingPublished, release_folders

    folders = list(releases) or [call.needed_site() / "warehouse" / "releases"]
    there = {name for name in TIERS for folder in folders for one in release_folders(folder) if (one / name).is_dir()}
    readers = [name for name in TIERS if name in there and tier in (None, name)]
    if not readers:
        click.echo(call.say("attack_nothing", path=", ".join(map(str, folders))), err=True)
        sys.exit(WRONG)
    if review and any(folder.resolve() in (review.resolve(), *review.resolve().parents) for folder in folders):
        click.echo(call.say("attack_review", path=review), err=True)
        sys.exit(WRONG)
    results: dict[str, Findings] = {}
    for reader in readers:
        # Who may read the fuller tier reads the public one too.
        tiers = [name for name in TIERS[: TIERS.index(reader) + 1] if name in there]
        try:
            results[reader] = attacked(
                folders, tiers, threshold=threshold, zeros_published=zeros_published, limits=Limits(seconds)
            )
        except NothingPublished:
            continue
    if not results:
        click.echo(call.say("attack_nothing", path=", ".join(map(str, folders))), err=True)
        sys.exit(WRONG)
    if review:
        _write(review, results)
    _show(call, results, threshold)
    sys.exit(OK if all(found.ok for found in results.values()) else STOPPED)


def _write(review: Path, results: dict[str, Findings]) -> None:
    from raw.lake.files import atomic, restricted_folder

    folder = restricted_folder(review)
    for reader, found in results.items():
        for name, frame in (("cells", found.cells), ("crossed", found.crossed)):
            with atomic(folder / f"attack__{reader}__{name}.parquet") as part:
                frame.write_parquet(part)


def _show(call: Call, results: dict[str, Findings], threshold: int) -> None:
    if call.as_json:
        listed = {
            reader: {
                "ok": found.ok,
                "releases": list(found.releases),
                "tiers": list(found.tiers),
                "figures": found.figures,
                "equations": found.equations,
                "withheld": found.cells.height,
                "states": {state: found.count(state) for state in ("recovered", "small", "zero", "unfinished")},
                "crossed": found.crossed.height,
                "opened": found.opened,
                "contradictions": found.contradictions,
                "seconds": round(found.seconds, 2),
                "counts": found.counts().to_dicts(),
            }
            for reader, found in results.items()
        }
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    for reader, found in results.items():
        click.echo("\n".join(_sentences(call, reader, found, threshold)))


def _sentences(call: Call, reader: str, found: Findings, threshold: int) -> list[str]:
    say = call.say
    lines = [
        say(
            "attack_done", reader=say(f"attack_reader.{reader}"), releases=len(found.releases), figures=found.figures,
            equations=found.equations, withheld=found.cells.height, seconds=found.seconds,
        )
    ]  # fmt: skip
    told = {"recovered": found.count("recovered"), "crossed": found.crossed.height, "small": found.count("small")}
    told |= {"unfinished": found.count("unfinished"), "contradictions": found.contradictions, "opened": found.opened}
    lines += [f"  {say(f'attack_{name}', count=count, threshold=threshold)}" for name, count in told.items() if count]
    if found.ok:
        lines.append("  " + say("attack_none"))
    for row in found.counts().iter_rows(named=True):
        states = [f"{say(f'attack_state.{name}')} {row[name]}" for name in ("recovered", "small") if row[name]]
        if states:
            place = f"{row['kpi']} ({row['measure']}), {row['area_level']}, {row['year']}"
            lines.append(f"    {place}: {', '.join(states)} / {row['withheld']}")
    return lines
