# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""`source check`: what a delivery would do is known before it is taken in, and nothing is stored."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from assets.resources import SiteResource
from pipelines.check import FileCheck, check_file
from pipelines.cli import main
from pipelines.console import show_report
from pipelines.messages import Speaker
from pipelines.report import site_report
from pipelines.site import init_site
from raw.contracts import TableContract
from raw.harvest.harvest import read_table
from raw.lake.lake import Delivery as Received
from tests.raw.build import KISS, NOW, REGIONAL, Delivery, take, write_sources

CANARY = "987654321"
BASE = KISS.but((4, 3, "104"), (4, 5, "12.1"))
SUMS = "identities: [{id: areas, areas: {from: stadtteil, to: gemeinde}, columns: [var3]}]\n"


@pytest.fixture
def site(tmp_path: Path) -> SiteResource:
    """A site with the sample sources that has taken one delivery of KISS."""
    init_site(tmp_path / "site", "en")
    folder = write_sources(tmp_path / "site" / "sources")
    table = folder / "t_kiss" / "t1.yml"
    table.write_text(table.read_text("utf-8") + SUMS, "utf-8")
    made = SiteResource(root=str(tmp_path / "site"), sources=["t_kiss", "t_regional"])
    BASE.write(made.inbox())
    take(made.lake(), made.inbox(), made.contracts())
    made.make_areas()
    for name, path in made.make_areas().items():
        made.point(name, path)
    return made


def checked(site: SiteResource, delivery: Delivery, tmp_path: Path) -> FileCheck:
    return check_file(site, delivery.write(tmp_path / "post"))


def stored(site: SiteResource) -> set[str]:
    lake = site.path / "lake"
    return {str(path) for path in lake.rglob("*") if path.is_file() and path.parent.name in ("deliveries", "reports")}


def test_a_new_year_is_told_as_such_and_nothing_is_stored(site: SiteResource, tmp_path: Path) -> None:
    before = stored(site)
    rows = [
        KISS.rows[0],
        ["T_T1", 2024, "01", 106, 7.9, 13.5, 0.5],
        ["T_T1", 2024, "02", 108, "x", "-", 0.5],
        ["T_T1", 2024, "Gesamt", 214, ".", 13.5, 1],
    ]
    found = checked(site, KISS.with_rows(lambda _: rows), tmp_path)
    assert found.fine
    (table,) = found.tables
    assert (table.changes.periods_new, table.changes.periods_missing) == (["2024"], ["2022", "2023"])
    assert (table.changes.revised, table.changes.same, table.changes.new) == (0, 0, table.rows)
    text = "\n".join(found.sentences(Speaker("en")))
    assert "new periods: 2024" in text and "no longer holds (what is there stays): 2022, 2023" in text
    assert stored(site) == before


def test_a_sum_that_would_break_is_named_with_its_cell(site: SiteResource, tmp_path: Path) -> None:
    found = checked(site, BASE.but((1, 3, 151.0)), tmp_path)
    assert not found.fine
    assert found.tables[0].violations == [("areas", "Tabelle 1!D4")]
    assert found.tables[0].changes.revised == 1
    assert "would no longer hold: Tabelle 1!D4" in "\n".join(found.sentences(Speaker("en")))


def test_a_key_of_no_land_is_named_by_its_cell_alone(site: SiteResource, tmp_path: Path) -> None:
    assert checked(site, REGIONAL, tmp_path).tables[0].laender == []
    found = checked(site, REGIONAL.but((9, 1, "44286")), tmp_path)
    assert found.tables[0].laender == ["csv!D10"]
    assert not found.fine and "44286" not in " ".join(found.tables[0].laender)


def test_the_patch_for_a_renamed_and_a_new_column_makes_the_file_fit(site: SiteResource, tmp_path: Path) -> None:
    changed = REGIONAL.but((3, 5, "Verdienst")).with_rows(_with_new_column)
    path = changed.write(tmp_path / "post")
    found = check_file(site, path)
    (table,) = found.tables
    assert {fault.code for fault in table.faults} == {"header_unknown", "header_missing"}
    patch: dict[str, Any] = yaml.safe_load(table.patch)
    assert patch["columns"]["Einkommen | Tsd. EUR"]["aliases"] == ["Einkünfte | Tsd. EUR", "Verdienst | Tsd. EUR"]
    assert patch["columns"]["Zufriedenheit | Punkte"] == "unknown"
    source = site.contracts()["t_regional"]
    contract = source.tables["r1"].model_dump(by_alias=True, exclude_defaults=True)
    patched = TableContract.model_validate({**contract, "columns": {**contract["columns"], **patch["columns"]}})
    received = Received("0" * 64, path.name, 1, NOW.isoformat(), NOW.isoformat())
    assert read_table(path, received, source, patched).faults == []
    assert table.patch.strip() in "\n".join(found.sentences(Speaker("de")))


def _with_new_column(rows: list[list[Any]]) -> list[list[Any]]:
    heads = {3: "Zufriedenheit", 5: "Punkte", 6: CANARY, 7: "2", 8: "3", 9: "4"}
    return [[*row, *[None] * (7 - len(row)), heads[n]] if n in heads else row for n, row in enumerate(rows)]


def test_a_figure_that_slipped_into_the_header_is_in_no_patch(site: SiteResource, tmp_path: Path) -> None:
    found = checked(site, REGIONAL.but((3, 5, CANARY), (5, 5, CANARY)), tmp_path)
    shown = "\n".join(found.sentences(Speaker("de")))
    assert found.tables[0].faults and CANARY not in shown


def test_a_table_under_a_new_code_is_recognised_by_the_contract_most_like_it(
    site: SiteResource, tmp_path: Path
) -> None:
    found = checked(site, REGIONAL.but((0, 0, "GENESIS-Tabelle: 99999-01-B")), tmp_path)
    assert (found.reason, found.near) == ("unclaimed", "sources/t_regional/r1.yml")
    assert yaml.safe_load(found.patch) == {"detect": "99999-01-B"}
    assert found.patch.strip() in "\n".join(found.sentences(Speaker("en")))


def test_a_refused_file_is_named_with_place_and_advice_until_a_good_one_comes(
    site: SiteResource, capsys: pytest.CaptureFixture[str]
) -> None:
    page = site.inbox() / "zahlen.xlsx"
    page.write_bytes(b"<html><table><tr><td>1</td></tr></table></html>")
    assert (
        check_file(site, page)
        .sentences(Speaker("de"))[0]
        .startswith("zahlen.xlsx: gehört zu keinem Vertrag (eine Web-")
    )
    take(site.lake(), site.inbox(), site.contracts())
    report = site_report(site)
    assert report.refused == {"zahlen.xlsx": ("markup", "")}
    show_report(Speaker("en"), report)
    assert "Not opened: zahlen.xlsx: a web or XML page" in capsys.readouterr().out
    BASE.write(site.inbox()).rename(site.inbox() / "zahlen.xlsx")
    take(site.lake(), site.inbox(), site.contracts(), NOW + dt.timedelta(days=1))
    assert site_report(site).refused == {}


def test_a_delivery_that_lost_something_is_told(site: SiteResource, capsys: pytest.CaptureFixture[str]) -> None:
    BASE.with_rows(lambda rows: rows[:4]).write(site.inbox())
    take(site.lake(), site.inbox(), site.contracts(), NOW + dt.timedelta(days=1))
    show_report(Speaker("de"), site_report(site))
    assert "t1 fehlen Zeiträume der letzten Lieferung: 2022" in capsys.readouterr().out


def test_a_rejected_delivery_leaves_one_report_and_the_last_good_data(site: SiteResource, tmp_path: Path) -> None:
    good = site.harvest("t_kiss").read().height
    broken = KISS.but((0, 3, "T_T1_var33"), (1, 5, CANARY + " ca."))
    broken.write(site.inbox()).rename(site.inbox() / "neu.xlsx")
    take(site.lake(), site.inbox(), site.contracts())
    harvest = site.harvest("t_kiss")
    site.report_rejected(harvest)
    site.report_rejected(harvest)
    assert harvest.read().height == good
    (report,) = (site.path / "lake" / "reports").glob("rejected__t_kiss__t1__*.yml")
    text = report.read_text("utf-8")
    assert report.stat().st_mode & 0o777 == 0o600
    for language in ("de", "en"):
        for fault in harvest.rejected[0].faults:
            assert fault.sentence(language) in text
    assert yaml.safe_load(text)["columns"]["var3"]["aliases"] == ["var33"]
    assert CANARY not in text


def test_what_became_of_each_correction_is_said_without_a_value(
    site: SiteResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAGEBILD_SITE", str(site.path))
    line = "- {match: {table: t1, area: 99001000-01, period: '%s', column: %s}, action: %s, reason: typing error, "
    line += "provider: Amt, expect: '%s'}\n"
    path = site.path / "sources" / "t_kiss" / "corrections.yml"
    entries = [("2023", "var3", "drop", "?"), ("1999", "var3", "drop", "?")]
    path.write_text("".join(line % entry for entry in entries), "utf-8")

    def said() -> list[str]:
        checked = site.check("t_kiss")
        site.point("checked__t_kiss", checked.path)
        return CliRunner().invoke(main, ["--lang", "en", "source", "corrections", "t_kiss"]).output.splitlines()

    changed, nothing = said()
    assert "the file says something else now (expect: " in changed and "no such observation" in nothing
    mark = changed.partition("expect: ")[2][:12]
    path.write_text(line % ("2023", "var3", "drop", mark), "utf-8")
    assert said() == ["t1, 99001000-01, 2023, var3: drop on 1 cells (typing error; Amt)"]
    assert site_report(site).corrections_stopped == {}
