# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Small, ugly, synthetic deliveries of every layout family, and the contracts that go with them.

Belongs here: what several tests of the room need to make a delivery. Every number is invented.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import xlsxwriter

from raw.contract_files import load_source
from raw.contracts import Source
from raw.harvest.harvest import Harvest, harvest_source, identify, read_published_on
from raw.lake.lake import Lake

Cell = Any
Rows = list[list[Cell]]
NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)

SOURCE = """
id: {id}
title: {{de: Probe, en: Sample}}
publisher: Amt für Erfundenes
licence: unstated
cadence: annual
family: {family}
owner: niemand
publicity: confidential
class: social
legal_basis: keine
purpose: Test
retention: keine
redistribution: none
basis: {basis}
"""

TABLES = {
    ("t_kiss", "kiss_md", "register"): {
        "t1": """
id: t1
title: {de: t, en: t}
detect: T_T1
period: {stub: var1}
area: {stub: var2}
columns:
  var3: {concept: pop, dims: {age: 0-2}, meaning: evidence, evidence: "invented"}
  var4: unknown
  var5: {concept: disp_income, factor: 1000}
  var6: {ignore: "a rate, computed by us"}
""",
        "t2": """
id: t2
title: {de: t, en: t}
detect: T_T2
period: {stub: var1, format: month}
area: {fixed: Musterstadt}
stubs: {var2: "{sex}"}
columns:
  var3: {concept: unemp, symbols: {"*": Q}}
""",
    },
    ("t_regional", "regionaldatenbank_csv", "fortschreibung_z2011"): {
        "r1": """
id: r1
title: {de: t, en: t}
detect: 99999-01
period: {stub: period}
stubs: [period, area, area_name]
basis_from: {"2022": fortschreibung_z2022}
columns:
  "Bevölkerung | {sex} | Anzahl": {concept: pop}
  "Einkommen | Tsd. EUR": {concept: disp_income, factor: 1000, aliases: ["Einkünfte | Tsd. EUR"]}
  "Arbeitslosenquote | Prozent": {concept: unemp_rate, basis: ba}
""",
        "r2": """
id: r2
title: {de: t, en: t}
detect: {title: "Bevölkerung am Stichtag"}
period: {header: "{date}"}
stubs: [area, area_name]
columns:
  "Stichtag | {date} | {sex}": {concept: pop}
""",
        "r3": """
id: r3
title: {de: t, en: t}
detect: 99999-03
period: {text: "Stichtag: {date}", format: quarter}
stubs: [area, area_name, "{industry}"]
columns:
  "Beschäftigte | {age}": {concept: svb_work}
labels: {industry: {"Baugewerbe (F)": F, Insgesamt: total}}
""",
    },
    ("t_gv", "gv_isys", "fortschreibung_z2022"): {
        "g1": """
id: g1
title: {de: t, en: t}
detect: {code: GV-ISys Jahresauszug, title: nach Fläche}
period: {text: "am {date}"}
columns:
  "Fläche km2": {concept: area}
  "Bevölkerung | insgesamt": {concept: pop}
  "Bevölkerung | männlich": {concept: pop, dims: {sex: m}}
  "Postleit-zahl": {concept: postal_code}
  "Reisegebiete | Schlüssel": {concept: travel_region, optional: true}
""",
    },
    ("t_genesis", "genesis_ffcsv", "ba"): {
        "f1": """
id: f1
title: {de: t, en: t}
detect: {code: "99999", traits: "KREISE GES", value: ERW006}
period: {stub: Zeit, format: quarter}
area: {stub: KREISE}
stubs: {GES: "{sex}"}
columns:
  ERW006__Arbeitslose__Anzahl: {concept: unemp}
labels: {sex: {GESM: m, GESW: f, Insgesamt: total}}
""",
    },
}

AREAS = """
vintage: "2024"
level: stadtteil
parent: "99001000"
areas:
  - {key: "99001000", name: Musterstadt, level: gemeinde, codes: [Musterstadt, Gesamt]}
  - {key: "99001000-01", name: Altes Dorf, codes: ["01", "1", "Altes Dorf"]}
  - {key: "99001000-02", name: Neues Dorf, codes: ["02", "2", "Neues Dorf"]}
"""


def write_source(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files of a source folder (name without `.yml` → text)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, "utf-8")
    return folder


def write_sources(folder: Path) -> Path:
    """Write the four sample sources, one of each family."""
    for (name, family, basis), tables in TABLES.items():
        source = SOURCE.format(id=name, family=family, basis=basis)
        if name == "t_kiss":
            source += 'areas: {level: stadtteil, parent: "99001000", list: areas.yml}\n'
            write_source(folder / name, {"areas": AREAS})
        write_source(folder / name, {"source": source, **tables})
    return folder


def sample_sources(folder: Path) -> dict[str, Source]:
    """The four sample sources, loaded."""
    write_sources(folder)
    return {name: load_source(folder / name) for name, _, _ in TABLES}


@dataclass(frozen=True)
class Delivery:
    """A synthetic delivery: where its sheet or text goes, its rows, and sheets before it."""

    source: str
    table: str
    name: str
    rows: Rows
    sheets: Mapping[str, Rows] = field(default_factory=dict)
    encoding: str = "cp1252"

    def but(self, *cells: tuple[int, int, Cell]) -> Delivery:
        """The same delivery with other entries at (row, column)."""
        rows = [list(row) for row in self.rows]
        for row, column, entry in cells:
            rows[row][column] = entry
        return replace(self, rows=rows)

    def with_rows(self, change: Callable[[Rows], Rows]) -> Delivery:
        """The same delivery with its rows changed by a function."""
        return replace(self, rows=change([list(row) for row in self.rows]))

    def write(self, folder: Path) -> Path:
        """Write the file; an `.xlsx` name gives a workbook, anything else a text with semicolons."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.name
        if path.suffix == ".xlsx":
            write_xlsx(path, {**self.sheets, "Tabelle 1": self.rows})
        else:
            write_csv(path, self.rows, self.encoding)
        return path


def write_xlsx(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """A workbook with these sheets."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        date = workbook.add_format({"num_format": "dd.mm.yyyy"})
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, entry in enumerate(row):
                    if isinstance(entry, str):
                        sheet.write_string(r, c, entry)
                    elif isinstance(entry, dt.date):
                        sheet.write_datetime(r, c, entry, date)
                    elif entry is not None:
                        sheet.write(r, c, entry)
    return path


def write_csv(path: Path, rows: Iterable[Sequence[Cell]], encoding: str = "cp1252") -> Path:
    """A text with semicolons and the line ends of Windows."""
    lines = [";".join("" if entry is None else str(entry) for entry in row) for row in rows]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


KISS = Delivery(
    "t_kiss",
    "t1",
    "Bevölkerung neu (2).xlsx",
    [
        ["Tabelle", "T_T1_var1", "T_T1_var2", "T_T1_var3", "T_T1_var4", "T_T1_var5", "T_T1_var6"],
        ["T_T1", 2023.0, "01", 101.0, 7.5, 12.5, 0.5],
        ["T_T1", "2023", 2.0, "102", "x", "-", "kaputt"],
        ["T_T1", "2023", "Gesamt", 203, ".", 12.5, 1],
        ["T_T1", "2022", "Altes Dorf ", "1 104", None, "0.125", None],
    ],
)

KISS_MONTHS = Delivery(
    "t_kiss",
    "t2",
    "monate.xlsx",
    [
        ["T_T2_var1", "T_T2_var2", "T_T2_var3", "tabelle"],
        [dt.date(2023, 6, 30), "männlich", 211, "T_T2"],
        ["2023-06", "Frauen", "*", "T_T2"],
    ],
)

REGIONAL = Delivery(
    "t_regional",
    "r1",
    "99999-01.csv",
    [
        ["GENESIS-Tabelle: 99999-01"],
        ["Bevölkerung und Einkommen;;;;;;"],
        ["regionale Tiefe: Kreise"],
        [None, None, None, "Bevölkerung", "Bevölkerung", "Einkommen", "Arbeitslosenquote"],
        [None, None, None, "Insgesamt", "weiblich", None, None],
        [None, None, None, "Anzahl", "Anzahl", "Tsd. EUR", "Prozent"],
        ["31.12.2021", "DG", "Deutschland", "83.019.213", "42052522", "1.234,5", "5,5"],
        ["31.12.2021", "06411", "  Darmstadt, krsfr. Stadt", "163", ".", "x", "4,9"],
        ["31.12.2022", "06411", "  Darmstadt, krsfr. Stadt", "164", "-", "1500", "/"],
        ["31.12.2022", "14286", "Löbau, Landkreis", "-", "-", "-", "-"],
        ["__________"],
        ["1) erfunden"],
        ["(C)opyright Amt für Erfundenes"],
        ["Stand: 21.03.2024 / 10:11:12"],
    ],
)

REGIONAL_HEADER = Delivery(
    "t_regional",
    "r2",
    "stichtag.csv",
    [
        ["Tabelle: 99999-02"],
        ["Bevölkerung am Stichtag"],
        [None, None, "Stichtag", "Stichtag", "Stichtag"],
        [None, None, "31.12.2018", "31.12.2018", "31.12.2019"],
        [None, None, "Insgesamt", "männlich", "Insgesamt"],
        ["06", "Hessen", "11", "12", "13"],
        ["__________"],
    ],
)

REGIONAL_TEXT = Delivery(
    "t_regional",
    "r3",
    "branchen.csv",
    [
        ["GENESIS-Tabelle: 99999-03"],
        ["Beschäftigte - Stichtag: 30.06.2019 - erfunden"],
        [None, None, None, "Beschäftigte", "Beschäftigte"],
        [None, None, None, "Insgesamt", "15 bis unter 25 Jahre"],
        ["06411", "Darmstadt", "Baugewerbe (F)", "311", "21"],
        ["06411", "Darmstadt", "Insgesamt", "3.311", "221"],
        ["__________"],
    ],
    encoding="utf-8-sig",
)

GV_COVER: Rows = [["Gemeindeverzeichnis"], ["Erscheinungsmonat: Februar 2024"]]
GV = Delivery(
    "t_gv",
    "g1",
    "Auszug_GV.xlsx",
    [
        ["Gemeinden nach Fläche, Bevölkerung und Postleitzahl am 31.12.2023 (Jahr)"],
        [],
        [
            "Satz-art",
            "Text-kenn-zeichen",
            "Amtlicher Regionalschlüssel (ARS)",
            None,
            None,
            None,
            None,
            "Gemeindename",
            "Fläche km2 1)",
            "Bevölkerung2)",
            None,
            "Postleit-zahl3)",
            "Reisegebiete",
        ],
        [None, None, "Land", "RB", "Kreis", "VB", "Gem", None, None, "insgesamt", "männlich", None, "Schlüssel"],
        [
            None,
            None,
            "Gebietsstand am 31.12.2023 (Jahr)",
            None,
            None,
            None,
            None,
            None,
            "31.12.2023 (Jahr)",
            "am 31.12.2023 (Jahr)",
        ],
        [],
        ["10", None, "06", None, None, None, None, "Hessen"],
        ["20", None, "06", "4", None, None, None, "Reg.-Bez. Darmstadt"],
        ["30", None, "06", "4", "1", None, None, "Region, die niemand braucht"],
        ["40", "41", "06", "4", "11", None, None, "Darmstadt"],
        ["50", "50", "06", "4", "11", "0000", None, "Darmstadt"],
        ["60", "61", "06", "4", "11", "0000", "000", "Darmstadt", 122.07, 163.0, "80", "06411", "x1"],
        ["60", "61", "06", "4", "31", "0001", "001", "Klein- und Neudorf", "1,5", "1.234", "-", "64646", None],
        [],
        ["1) Abweichungen sind möglich."],
    ],
    sheets={"Inhalt": GV_COVER},
)

GENESIS = Delivery(
    "t_genesis",
    "f1",
    "99999-0001_flat.csv",
    [
        ["Statistik_Code", "Statistik_Label", "Zeit_Code", "Zeit_Label", "Zeit"]
        + [f"1_{name}" for name in ("Merkmal_Code", "Merkmal_Label", "Auspraegung_Code", "Auspraegung_Label")]
        + [f"2_{name}" for name in ("Merkmal_Code", "Merkmal_Label", "Auspraegung_Code", "Auspraegung_Label")]
        + ["ERW006__Arbeitslose__Anzahl"],
        *(
            [
                "99999",
                "Erfunden",
                "STAG",
                "Stichtag",
                "30.06.2023",
                "KREISE",
                "Kreise",
                area,
                name,
                "GES",
                "Geschlecht",
                code,
                label,
                value,
            ]
            for area, name, code, label, value in (
                ("06411", "Darmstadt", "GESM", "männlich", "1.234"),
                ("06411", "Darmstadt", "GESW", "weiblich", "."),
                ("06411", "Darmstadt", None, "Insgesamt", "2345"),
                ("06", "Hessen", "GESW", "weiblich", "-"),
            )
        ),
    ],
)

ALL = {
    "kiss": KISS,
    "kiss months": KISS_MONTHS,
    "regional": REGIONAL,
    "regional header": REGIONAL_HEADER,
    "regional text": REGIONAL_TEXT,
    "gv": GV,
    "genesis": GENESIS,
}


def take(lake: Lake, inbox: Path, sources: Mapping[str, Source], now: dt.datetime = NOW) -> None:
    """Take the inbox in at the tests' own time, without waiting."""
    lake.take_in(inbox, lambda: now, 0.0, lambda path, name: read_published_on(path, sources))


def harvest_all(folder: Path, sources: Mapping[str, Source], *deliveries: Delivery) -> dict[str, Harvest]:
    """Deliver into a lake below the folder and harvest all sources."""
    inbox, lake = folder / "inbox", Lake(folder / "lake")
    inbox.mkdir(exist_ok=True)
    for delivery in deliveries:
        delivery.write(inbox)
    take(lake, inbox, sources)
    claims = identify(lake, sources)
    return {name: harvest_source(lake, source, claims) for name, source in sources.items()}
