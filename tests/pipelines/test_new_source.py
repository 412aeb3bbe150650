# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""`source new`: an unknown workbook becomes a contract; what it cannot know is asked; the first KPI stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook

from pipelines.messages import Speaker
from pipelines.new_source import NotMade, new_source
from raw.contract_files import load_source
from raw.harvest.harvest import read_table
from raw.lake.lake import Delivery
from raw.proposal import candidates, dims_of, profile, questions
from tests.raw.handmade import write
from tests.raw.pdfs import write_pdf
from tests.sites import lagebild

ANSWERS: dict[str, Any] = {
    "id": "musterland",
    "publisher": "Kreis Musterland",
    "publicity": "public",
    "class": "personal",
    "redistribution": "public",
    "columns": {
        "Einwohner | insgesamt": "pop",
        "Einwohner | darunter | unter 18 Jahre": "pop",
        "Einwohner | darunter | 65 Jahre und älter": "pop",
    },
}
SAY = Speaker("en")
NOW = "2026-01-02T00:00:00+00:00"


def sheet(path: Path, *rows: list[Any]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_the_shape_of_a_table_made_by_hand_is_found(tmp_path: Path) -> None:
    found = profile(write(tmp_path / "a.xlsx"))
    assert (found.area, found.name, found.keyed, found.areas) == ("Schlüssel", "Gemeinde", True, [])
    assert found.period == {"text": "am {date}", "format": "year"}
    assert found.patterns == [*ANSWERS["columns"], "Haushalte"]
    assert sorted(found.signs) == ["-", "."]
    assert found.table.end - found.table.first == 4, "footnotes are no rows"


def test_only_what_the_file_cannot_say_is_asked(tmp_path: Path) -> None:
    asked = questions(profile(write(tmp_path / "a.xlsx")), "a")
    keys = [question.key for question in asked]
    assert keys[:7] == ["id", "publisher", "licence", "publicity", "class", "redistribution", "basis"]
    assert keys[7:] == ["sign .", "sign -", *(f"column {path}" for path in [*ANSWERS["columns"], "Haushalte"])]
    assert {question.key for question in asked if question.default is None} == {"publisher"}
    assert all(question.default == "unknown" for question in asked if question.key.startswith("column"))
    assert next(question for question in asked if question.key == "column Haushalte").choices[0] == "hh"


def test_concepts_are_offered_by_likeness_and_codes_read_from_the_words() -> None:
    assert candidates("Lebendgeborene | insgesamt")[0] == "births"
    assert candidates("Zufriedenheit in Punkten") == []
    assert dims_of("Einwohner | weiblich | unter 18 Jahre") == {"sex": "f", "age": "0-17"}
    assert dims_of("Einwohner | insgesamt") == {}


def test_without_an_answer_nothing_is_guessed(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    folder = new_source(tmp_path, write(tmp_path / "Einwohner 2023.xlsx"), SAY, {"publisher": "Kreis"}, None)
    assert folder.name == "einwohner_2023"
    source = load_source(folder)
    (table,) = source.tables.values()
    assert {rule.meaning for rule in table.columns.values()} == {"unknown"}
    assert (source.contract.publicity, source.contract.klass, source.contract.redistribution) == (
        "confidential",
        "social",
        "none",
    )


def test_what_cannot_become_a_contract_leaves_nothing_behind(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx")
    cases = {
        "new_unanswered": {},
        "new_wrong": {"publisher": "x", "columns": {"Haushalte": "gibt_es_nicht"}},
    }
    for message, given in cases.items():
        with pytest.raises(NotMade) as raised:
            new_source(tmp_path, path, SAY, given, None)
        assert raised.value.message == message
        assert not (tmp_path / "sources" / "a").exists()
    (tmp_path / "sources" / "a").mkdir(parents=True)
    with pytest.raises(NotMade, match="new_exists"):
        new_source(tmp_path, path, SAY, {"publisher": "x"}, None)
    with pytest.raises(NotMade, match="new_no_table"):
        new_source(tmp_path, sheet(tmp_path / "b.xlsx", ["nur"], ["Text"]), SAY, {}, None)
    lost = sheet(tmp_path / "c.xlsx", ["AGS", "Gemeinde", "Zahl"], [6411000, "A", 1000], [6412000, "B", 2000])
    with pytest.raises(NotMade, match="new_lost_zeros"):
        new_source(tmp_path, lost, SAY, {}, None)


def test_years_in_the_header_and_areas_by_name(tmp_path: Path) -> None:
    rows = [["Haushalte"], ["Ortsteil", 2022, 2023], ["Mitte", 10, 11], ["Süd 1)", 20, 21], ["Gesamt", 30, 32]]
    path = sheet(tmp_path / "ortsteile.xlsx", *rows, ["1) mit Hafen"])
    said = {"publisher": "Stadt", "ags": "99002000", "columns": {"{date}": "hh"}}
    source = load_source(new_source(tmp_path, path, SAY, said, None))
    (table,) = source.tables.values()
    assert list(table.columns) == ["{date}"] and table.period is not None and table.period.header == "{date}"
    assert source.areas is not None
    assert [(area.key, area.name, area.codes) for area in source.areas.areas] == [
        ("99002000", "Gesamt", ["Gesamt"]),
        ("99002000-01", "Mitte", ["Mitte"]),
        ("99002000-02", "Süd", ["Süd 1)"]),
    ]


def test_a_total_without_a_key_is_asked_for_and_read(tmp_path: Path) -> None:
    rows = [["AGS", "Ort", "Zahl"], ["99001001", "A", 10], ["99001002", "B", "1.020"], [None, "Summe", 1030]]
    path = sheet(tmp_path / "kreis.xlsx", ["Haushalte"], *rows)
    said = {"publisher": "Kreis", "year": "2023", "columns": {"Zahl": "hh"}}
    with pytest.raises(NotMade) as raised:
        new_source(tmp_path, path, SAY, said, None)
    assert raised.value.values["about"] == "total Summe"
    source = load_source(new_source(tmp_path, path, SAY, said | {"totals": {"Summe": "99001"}}, None))
    mapped = read_table(path, Delivery("0" * 64, path.name, 1, NOW, NOW), source, source.tables["kreis_1"])
    assert mapped.faults == []
    assert sorted(mapped.observations.select("area", "area_level", "period", "value").rows()) == [
        ("99001", "kreis", "2023", 1030.0),
        ("99001001", "gemeinde", "2023", 10.0),
        ("99001002", "gemeinde", "2023", 1020.0),
    ]
    assert set(mapped.observations["area_vintage"]) == {"2023"}


def test_a_text_file_with_quarters_is_read(tmp_path: Path) -> None:
    path = tmp_path / "quartale.csv"
    path.write_bytes("Zeit;Schlüssel;Fälle\n2023-Q1;99001;12\n2023-Q2;99001;1.400\n".encode("cp1252"))
    source = load_source(new_source(tmp_path, path, SAY, {"publisher": "Kreis"}, None))
    table = source.tables["quartale_1"]
    assert table.period is not None and (table.period.stub, table.period.format) == ("Zeit", "quarter")
    mapped = read_table(path, Delivery("0" * 64, path.name, 1, NOW, NOW), source, table)
    assert mapped.faults == []
    assert sorted(mapped.observations.select("period", "value").rows()) == [("2023-Q1", 12.0), ("2023-Q2", 1400.0)]


def test_a_decimal_point_in_a_text_is_not_taken_for_thousands(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.xlsx", ["Schlüssel", "Zahl"], ["99001", "12.5"], ["99002", "1.234"])
    with pytest.raises(NotMade, match="new_decimal_points"):
        new_source(tmp_path, path, SAY, {"publisher": "Kreis"}, None)


def test_a_row_that_lost_its_figures_is_a_fault(tmp_path: Path) -> None:
    rows = [["Schlüssel", "Zahl"], ["99001", 5], ["99002", None], ["99003", 7]]
    path = sheet(tmp_path / "a.xlsx", *rows)
    source = load_source(new_source(tmp_path, path, SAY, {"publisher": "Kreis", "year": "2023"}, None))
    mapped = read_table(path, Delivery("0" * 64, path.name, 1, NOW, NOW), source, source.tables["a_1"])
    assert [(fault.code, fault.cell) for fault in mapped.faults] == [("layout", "Sheet!A3")]


def test_every_question_is_put_and_an_answer_taken(tmp_path: Path) -> None:
    seen: dict[str, str | None] = {}

    def ask(text: str, default: str | None) -> str:
        seen[text] = default
        return default or "Kreis Musterland"

    new_source(tmp_path, write(tmp_path / "a.xlsx"), Speaker("de"), {}, ask)
    assert "Wer gibt die Tabelle heraus?" in seen
    assert any("Haushalte" in text and "hh" in text for text in seen)


def test_from_an_unknown_workbook_to_its_first_kpi(tmp_path: Path, root: Path) -> None:
    """The walk-through of docs/howto-contract.md, with its answers and the command."""
    site, answers = tmp_path / "site", tmp_path / "answers.yml"
    assert lagebild("init", site).returncode == 0
    (site / "site.yml").write_text(
        "name: Musterland\nlanguage: en\nsources: [musterland]\nsettle_seconds: 0\n", "utf-8"
    )
    page = (root / "docs" / "howto-contract.md").read_text("utf-8")
    answers.write_text(next(part for part in page.split("```") if part.startswith("yaml\n# answers.yml"))[5:], "utf-8")
    path = write(tmp_path / "Einwohner.xlsx")
    done = lagebild("--site", site, "source", "new", path, "--answers", answers, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "16 observations, no faults" in done.stdout
    path.rename(site / "inbox" / path.name)
    done = lagebild("--site", site, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    marts = site / "warehouse" / "releases" / "latest" / "internal" / "marts"
    values = pl.read_parquet(marts / "kpi_value__area_period.parquet")
    share = values.filter((pl.col("kpi") == "share_0_17") & (pl.col("area") == "99001001"))
    assert share.select("period", "value").rows() == [("2023", 16.7)], "200 of 1,200"


def test_a_report_in_pdf_becomes_a_contract_with_the_areas_of_all_its_pages(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    path = write_pdf(tmp_path / "pflege.pdf")
    found = profile(path)
    assert (found.area, found.areas) == ("Ortsteil", ["Altes Dorf", "Neues Dorf", "Gesamt"])
    answers = {"publisher": "Stadt", "ags": "99001000", "total Gesamt": "", "sign -": "zero"}
    source = load_source(new_source(tmp_path, path, SAY, answers, None))
    (table,) = source.tables.values()
    assert source.contract.family == "pdf_tabelle" and set(table.columns) == {"Heime | {date}", "Tagespflege | {date}"}
    read = read_table(path, Delivery("s", path.name, 0, NOW, NOW), source, table)
    assert {(fault.code, fault.cell) for fault in read.faults} == {("value", "Seite 2!E6")}, "a mark nobody explained"
    known = table.model_copy(update={"marks": {"1)": "P"}})
    assert read_table(path, Delivery("s", path.name, 0, NOW, NOW), source, known).observations.height == 12
