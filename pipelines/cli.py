# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The `lagebild` command.

Belongs here: arguments, exit codes, and which part does the work. Does not belong here: printing (`console`) and work.

Exit codes: 0 all well; 1 a check or station stopped the run; 2 wrong call or settings; 3 done, but deliveries were
rejected (or `source check` found faults).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from pipelines.attack_command import attack
from pipelines.messages import Speaker
from pipelines.protect_command import protect
from pipelines.settings import SITE_VARIABLE, SettingsError, environment_language, environment_site, read_settings

OK, STOPPED, WRONG, REJECTED = 0, 1, 2, 3


class Call:
    """What all commands share: the site, the language, JSON or text."""

    def __init__(self, site: Path | None, language: str | None, as_json: bool) -> None:
        self.site, self.as_json, self._language = site, as_json, language

    @property
    def say(self) -> Speaker:
        """Messages in the language of the call, the environment or the site."""
        if self._language is None and (language := environment_language()):
            return Speaker(language)
        if self._language is None and self.site and (self.site / "site.yml").is_file():
            return Speaker(read_settings(self.site).language)
        return Speaker(self._language or "de")

    def needed_site(self) -> Path:
        """The site, or a usage error."""
        if self.site is None:
            raise click.UsageError(self.say("no_site"))
        read_settings(self.site)
        return self.site


def _speakable(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn our own errors into a message and exit code 2; nothing else is caught."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        from assets.guard import SPEAKABLE

        try:
            return command(*args, **kwargs)
        except (SettingsError, *SPEAKABLE) as error:
            click.echo(str(error), err=True)
            sys.exit(WRONG)

    return guarded


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--site", type=click.Path(path_type=Path, file_okay=False), help="Folder of the site / Ordner der Site.")
@click.option("--lang", type=click.Choice(["de", "en"]), help="Language of messages / Sprache der Meldungen.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output / maschinenlesbare Ausgabe.")
@click.pass_context
def main(context: click.Context, site: Path | None, lang: str | None, as_json: bool) -> None:
    """Lagebild: from agency files to audited, anonymised KPI tables."""
    site = site.resolve() if site else environment_site()
    if site:
        os.environ[SITE_VARIABLE] = str(site)
    context.obj = Call(site, lang, as_json)


main.add_command(attack)
main.add_command(protect)


@main.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", default="Lagebild", help="Name of the site / Name der Site.")
@click.pass_obj
def init(call: Call, directory: Path, name: str) -> None:
    """Make a new site in DIRECTORY."""
    from pipelines.site import SiteError, init_site

    path = directory.resolve()
    try:
        init_site(path, call.say.language, name)
    except SiteError as error:
        click.echo(call.say(error.message, **error.values), err=True)
        sys.exit(WRONG)
    click.echo(call.say("site_made", path=path, inbox=path / "inbox"))


@main.command()
@click.pass_obj
@_speakable
def run(call: Call) -> None:
    """Run everything: inbox, checks, door, KPIs, release."""
    sys.exit(_run(call, call.needed_site()))


def _run(call: Call, site: Path) -> int:
    from pipelines import console
    from pipelines.report import nothing_delivered, picture, site_report
    from pipelines.run import check_settings, run_site
    from pipelines.settings import site_resource

    settings = read_settings(site)
    check_settings(site_resource(site))
    if nothing_delivered(site_resource(site)):
        click.echo(call.say("nothing_to_do", inbox=site / "inbox"), err=True)
        return WRONG
    with console.progress(call.say, quiet=call.as_json) as progress:
        outcome = run_site(site, progress)
    resource = site_resource(site)
    report = site_report(resource)
    drawn = picture(resource, report, call.say.language, settings.map, settings.synthetic) if outcome.ok else None
    if call.as_json:
        result = {"ok": outcome.ok, "seconds": round(outcome.seconds, 2), "failed_checks": outcome.failed_checks}
        result |= {
            "failed_steps": outcome.failed_steps,
            "zones": outcome.zones,
            "picture": str(drawn) if drawn else None,
        }
        click.echo(json.dumps(result | report.as_dict(), ensure_ascii=False, indent=1))
    else:
        console.show_run(call.say, resource, outcome, report, drawn, settings.synthetic)
    if not outcome.ok:
        return STOPPED
    return REJECTED if report.faults or report.refused else OK


@main.command()
@click.pass_obj
@_speakable
def status(call: Call) -> None:
    """Show what the site holds, without running anything."""
    from pipelines import console
    from pipelines.report import site_report
    from pipelines.settings import site_resource

    report = site_report(site_resource(call.needed_site()))
    if call.as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
    else:
        console.show_report(call.say, report)


@main.command()
@click.argument("kpi")
@click.argument("area")
@click.argument("period")
@click.option("--tier", type=click.Choice(["internal", "public"]), default="internal", show_default=True)
@click.pass_obj
@_speakable
def explain(call: Call, kpi: str, area: str, period: str, tier: str) -> None:
    """Show where a value comes from: formula, cells, file, sheet and cell. Restricted zone only."""
    from pipelines import console
    from pipelines.explain import NotExplained
    from pipelines.explain import explain as follow
    from pipelines.settings import site_resource

    try:
        explanations = follow(site_resource(call.needed_site()), kpi, area, period, tier)
    except NotExplained as error:
        click.echo(call.say(error.message, **error.values), err=True)
        sys.exit(WRONG)
    if call.as_json:
        click.echo(json.dumps([e.as_dict() for e in explanations], ensure_ascii=False, indent=1, default=str))
    else:
        console.show_explanations(call.say, explanations)


@main.command()
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Write the comparison as Markdown.")
@click.pass_obj
@_speakable
def compare(call: Call, page: Path | None) -> None:
    """Compare the KPIs with the rates that agencies print themselves: counts per KPI, table and class."""
    from pipelines import console
    from pipelines.compare import compare_site
    from pipelines.settings import site_resource
    from quality.checks.comparison_page import page as written

    found = compare_site(site_resource(call.needed_site()))
    if page:
        page.write_text(written(found), "utf-8")
    if call.as_json:
        click.echo(json.dumps(found.counts().to_dicts(), indent=1))
    else:
        console.show_comparison(call.say, found)


@main.group()
def source() -> None:
    """Sources: list them, check a file beforehand, look at faults and violations."""


@source.command("list")
@click.pass_obj
@_speakable
def source_list(call: Call) -> None:
    """List the active sources and their tables."""
    from pipelines.settings import site_resource

    contracts = site_resource(call.needed_site()).contracts()
    if call.as_json:
        listed = {
            name: found.contract.model_dump(by_alias=True) | {"tables": sorted(found.tables)}
            for name, found in contracts.items()
        }
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    for name, found in contracts.items():
        click.echo(f"{name}: {found.contract.title[call.say.language]} ({found.contract.publisher})")
        for table in found.tables.values():
            click.echo(f"  {table.id}: {table.title[call.say.language]}")


@source.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
@_speakable
def source_check(call: Call, file: Path) -> None:
    """Say what a delivery would do, without taking it in."""
    from pipelines.check import check_file
    from pipelines.settings import site_resource

    result = check_file(site_resource(call.needed_site()), file)
    if call.as_json:
        click.echo(json.dumps(result.as_dict(), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(result.sentences(call.say)))
    sys.exit(OK if result.fine else REJECTED)


@source.command("new")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--answers", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="YAML: key → answer.")
@click.option("--yes", is_flag=True, help="Take the default where nothing was answered / Vorgaben übernehmen.")
@click.pass_obj
@_speakable
def source_new(call: Call, file: Path, answers: Path | None, yes: bool) -> None:
    """Propose a contract for a table that nobody has described yet, and write it into the site."""
    from pipelines.check import check_file
    from pipelines.new_source import NotMade, new_source, read_answers
    from pipelines.settings import site_resource

    site = call.needed_site()

    def ask(text: str, default: str | None) -> str:
        return str(click.prompt(text, default=default))

    try:
        folder = new_source(site, file, call.say, read_answers(answers), None if yes else ask)
    except NotMade as error:
        click.echo(call.say(error.message, **error.values), err=True)
        sys.exit(WRONG)
    click.echo(call.say("new_made", path=folder))
    resource = site_resource(site)
    if resource.sources is not None and folder.name not in resource.sources:
        click.echo(call.say("new_inactive", source=folder.name))
        return
    result = check_file(resource, file)
    click.echo("\n".join(result.sentences(call.say)))
    sys.exit(OK if result.fine else REJECTED)


@source.command("violations")
@click.argument("name")
@click.pass_obj
@_speakable
def source_violations(call: Call, name: str) -> None:
    """Print unexplained violations of SOURCE as entries for known_violations.yml."""
    from pipelines.report import unexplained
    from pipelines.settings import site_resource

    site = site_resource(call.needed_site())
    if name not in site.contracts():
        click.echo(call.say("unknown_source", source=name, known=", ".join(site.contracts())), err=True)
        sys.exit(WRONG)
    unknown = unexplained(site, name)
    if call.as_json:
        click.echo(json.dumps(unknown, ensure_ascii=False, indent=1))
        return
    if not unknown:
        click.echo(call.say("violations_none"))
    for entry in unknown:
        if entry.get("cell"):
            click.echo(f"# {entry['file']}, {entry['cell']}")
        fields = ", ".join(f'{key}: "{entry[key]}"' for key in ("table", "identity", "area", "period"))
        click.echo(f'- {{{fields}, expect: "{entry["fingerprint"]}", until: , reason: ""}}')


@source.command("corrections")
@click.argument("name")
@click.pass_obj
@_speakable
def source_corrections(call: Call, name: str) -> None:
    """Say what became of each correction of SOURCE in the last run, with the fingerprint of what the file says."""
    from pipelines.report import checked_report
    from pipelines.settings import site_resource

    site = site_resource(call.needed_site())
    if name not in site.contracts():
        click.echo(call.say("unknown_source", source=name, known=", ".join(site.contracts())), err=True)
        sys.exit(WRONG)
    entries = checked_report(site, name).get("corrections", [])
    if call.as_json:
        click.echo(json.dumps(entries, ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(call.say(f"correction.{e['state']}", **e) for e in entries) or call.say("corrections_none"))


@source.command("unclaimed")
@click.pass_obj
@_speakable
def source_unclaimed(call: Call) -> None:
    """List files in the lake that belong to no contract, and tables of files that do."""
    from pipelines.settings import site_resource

    site = site_resource(call.needed_site())
    claims = site.claims()
    deliveries = site.lake().deliveries()
    rows = [(d.name, claims[d.snapshot].reason) for d in deliveries if not claims[d.snapshot].tables]
    beside = [(d.name, table) for d in deliveries for table in claims[d.snapshot].beside]
    if call.as_json:
        listed = [{"name": name, "reason": reason} for name, reason in rows]
        listed += [{"name": name, "table": table} for name, table in beside]
        click.echo(json.dumps(listed, ensure_ascii=False))
        return
    for name, reason in rows:
        click.echo(f"{name}: {call.say(f'reason.{reason}')}")
    for name, table in beside:
        click.echo(call.say("check_beside", file=name, table=table))


@main.command()
@click.option("--site", "directory", type=click.Path(path_type=Path, file_okay=False), help="Default: ./demo-site")
@click.pass_obj
@_speakable
def demo(call: Call, directory: Path | None) -> None:
    """Make the demo site (all data synthetic) and run it."""
    from pipelines.site import SiteError, demo_site

    site = directory.resolve() if directory else call.site or Path("demo-site").resolve()
    call.site = site
    os.environ[SITE_VARIABLE] = str(site)
    try:
        if not demo_site(site, call.say.language) and not read_settings(site).synthetic:
            raise SiteError("demo_on_real", path=str(site))
    except SiteError as error:
        click.echo(call.say(error.message, **error.values), err=True)
        sys.exit(WRONG)
    sys.exit(_run(call, site))


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port of the web interface.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.pass_obj
@_speakable
def ui(call: Call, port: int, host: str) -> None:
    """Dagster's web interface with scheduler and sensors, on the same state as `run`."""
    from pipelines.run import dagster_home

    site = call.needed_site()
    root = Path(__file__).parents[1]
    environment = {
        **os.environ,
        SITE_VARIABLE: str(site),
        "DAGSTER_HOME": str(dagster_home(site)),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PYTHONWARNINGS": "ignore",
    }
    program = str(Path(sys.executable).with_name("dagster"))
    arguments = [program, "dev", "-w", str(root / "workspace.yaml"), "-h", host, "-p", str(port)]
    os.chdir(root)
    os.execve(program, arguments, environment)
