# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Deliveries of the reference families: generated ones, and the harvest of real ones.

Belongs here: what tests of families and of areas need to make or read one. Every generated number is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from raw.contract_files import load_sources
from raw.harvest.harvest import Harvest, harvest_source, identify
from raw.lake.lake import Lake, copy_into
from tests.raw.build import NOW, Rows, write_xlsx

CHANGES, CROSSWALK, REGISTER = "destatis_gebietsaenderungen", "bbsr_referenz", "gv_isys"

FROM, TO, WHEN = "Abgebende / Aufgelöste Gemeinde", "Aufnehmende / Neugebildete Gemeinde", "Wirksamkeitsdatum"
CHANGE_HEADER: Rows = [
    ["Gebietsänderungen vom 01.01. - 31.12.2023"],
    ["Kennziffer", "Regionaleinheit", FROM, None, None, None, None, None, TO, None, None, WHEN],
    [
        *(None, None, "Amtlicher Regionalschlüssel (ARS)", "Amtlicher Gemeinde-schlüssel (AGS)", "Name"),
        *("Änderungs-art 1)", "Fläche qm", "Einwohner"),
        *("Amtlicher Regionalschlüssel (ARS)", "Amtlicher Gemeinde-schlüssel (AGS)", "Name"),
        *("juristisch", "statistisch"),
    ],
    [],
]
CHANGE_FOOTER: Rows = [[], ["1) Änderungsart:"], ["    1 = Auflösung"], ["© Daten (erfunden)"]]
COVER: Rows = [[], ["Daten aus dem Gemeindeverzeichnis"], ["Erscheinungsmonat: Januar 2024"]]

STEP_HEADER = [
    "Gemeinden\n 31.12.2020", "Gemeindename 2020", "flächen-\nproportionaler\nUmsteige-schlüssel",
    "bevölkerungs- \nproportionaler \nUmsteige- \nschlüssel", "Fläche am 31.12.2020 in km²",
    "Bevölkerung am 31.12.2020 in 100", "Gemeinden\n 31.12.2021", "Gemeindename 2021",
]  # fmt: skip


def change(number: str, giving: str, kind: Any, receiving: str, size: tuple[Any, Any], date: str) -> list[Any]:
    """A row of the list for two Gemeinden, which are named after their keys."""
    ars = [key[:5] + "0" + key[5:] + key[5:] for key in (giving, receiving)]
    return [
        *(number, "Gemeinde", ars[0], giving, f"Ort {giving}", kind, *size),
        *(ars[1], receiving, f"Ort {receiving}", date, date),
    ]


def write_changes(path: Path, rows: Rows) -> Path:
    """A list of changes with these rows."""
    return write_xlsx(path, {"Deckblatt": COVER, "Gebietsaenderungen": [*CHANGE_HEADER, *rows, *CHANGE_FOOTER]})


def write_steps(path: Path, steps: Mapping[int, Rows]) -> Path:
    """A crosswalk with one sheet per origin year."""
    sheets = {}
    for year, rows in steps.items():
        header = [text.replace("2021", "{to}").replace("2020", "{origin}") for text in STEP_HEADER]
        sheets[str(year)] = [[text.format(origin=year, to=year + 1) for text in header], *rows]
    return write_xlsx(path, sheets)


def harvest(folder: Path, *sources: str) -> dict[str, Harvest]:
    """What the product's contracts read from the files in `folder/inbox`."""
    lake, contracts = Lake(folder / "lake"), load_sources(active=sources)
    assert lake.take_in(folder / "inbox", lambda: NOW, 0.0).waiting == {}
    claims = identify(lake, contracts)
    return {name: harvest_source(lake, source, claims) for name, source in contracts.items()}


def harvest_real(shared_data: Path, folder: Path, *folders: str) -> dict[str, Harvest]:
    """What the product's contracts read from real reference files."""
    base = shared_data / "data"
    files = [path for name in folders for path in sorted((base / name).iterdir())]
    copy_into(folder / "inbox", files, base)
    return harvest(folder, CHANGES, CROSSWALK, REGISTER)
