# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The same files as somebody reads them with pandas, one function for each layout, with the meaning written into it.

Belongs here: what a careful colleague would write. Nothing of the product is used. Returned are the columns of KEY,
`value` and `obs_status`.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

KEY = ["measure", "dims", "area", "period"]
SYMBOLS = {".": "Q", "x": "M", "X": "M", "/": "Q", "...": "L"}
KISS = {
    "K3_T34_var3": ("pop", "age=0-6"),
    "K3_T34_var4": ("pop", "age=7-17"),
    "K3_T34_var5": ("pop", "age=18-44"),
    "K3_T34_var6": ("pop", "age=45-64"),
    "K3_T34_var7": ("pop", "age=65+"),
    "K3_T34_var8": ("pop", ""),
}
REGIONAL = [
    ("unemp", ""),
    ("unemp", "nationality=foreign"),
    ("unemp", "disability=severe"),
    ("unemp", "age=15-19"),
    ("unemp", "age=15-24"),
    ("unemp", "age=55-64"),
    ("unemp", "duration=lt"),
    ("unemp_rate", "labour_force=dependent"),
    ("unemp_rate", ""),
    ("unemp_rate", "sex=m"),
    ("unemp_rate", "sex=f"),
    ("unemp_rate", "nationality=foreign"),
    ("unemp_rate", "age=15-24"),
]
REGISTER = {
    8: ("area", ""),
    9: ("pop", ""),
    10: ("pop", "sex=m"),
    11: ("pop", "sex=f"),
    12: ("published.pop_density", ""),
    13: ("postal_code", ""),
    14: ("longitude", ""),
    15: ("latitude", ""),
}
TEXTS = ["postal_code"]


def read(source: str, path: Path) -> pd.DataFrame:
    """Read one file of a source."""
    return {"kiss_md": kiss, "regionaldatenbank": regional, "gv_isys": register}[source](path)


def _values(long: pd.DataFrame, german: bool) -> pd.DataFrame:
    text = long["entry"].astype(str).str.strip()
    plain = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False) if german else text
    is_number = long["entry"].map(lambda entry: isinstance(entry, int | float))
    number = pd.to_numeric(plain.where(~is_number, text), errors="coerce")
    long["value"] = number.mask(text == "-", 0.0).mask(text.isin(SYMBOLS))
    long["obs_status"] = text.map(SYMBOLS).fillna("A")
    long.loc[long["measure"].isin(TEXTS), "value"] = float("nan")
    if (long["value"].isna() & (long["obs_status"] == "A") & ~long["measure"].isin(TEXTS)).any():
        raise ValueError("an entry is neither number nor symbol")
    return long[[*KEY, "value", "obs_status"]]


def _long(frame: pd.DataFrame, columns: dict[str, tuple[str, str]]) -> pd.DataFrame:
    long = frame.melt(["area", "period"], list(columns), "column", "entry")
    long["measure"] = long["column"].map({name: measure for name, (measure, _) in columns.items()})
    long["dims"] = long["column"].map({name: dims for name, (_, dims) in columns.items()})
    return long


def kiss(path: Path) -> pd.DataFrame:
    """K3_T34: population by age group."""
    frame = pd.read_excel(path, engine="openpyxl", dtype=object)
    area = frame["K3_T34_var2"].astype(str).str.strip()
    frame["area"] = ("15003000-" + area).mask(area == "15003", "15003000")
    frame["period"] = frame["K3_T34_var1"].astype(int).astype(str)
    return _values(_long(frame, KISS), german=False)


def regional(path: Path) -> pd.DataFrame:
    """13211-02-05-4: unemployed persons and rates."""
    names = ["period", "area", "name", *(str(number) for number in range(len(REGIONAL)))]
    frame = pd.read_csv(path, sep=";", encoding="cp1252", header=None, names=names, skiprows=5, dtype=str,
                        keep_default_na=False)  # fmt: skip
    frame = frame.iloc[: frame.index[frame["period"].str.startswith("____")][0]]
    return _values(_long(frame, {str(number): about for number, about in enumerate(REGIONAL)}), german=True)


def register(path: Path) -> pd.DataFrame:
    """GV-ISys: area, population, postal code, centre."""
    frame = pd.read_excel(path, sheet_name="Gemeindedaten", engine="openpyxl", header=None, dtype=object)
    date = str(frame.iloc[0, 0]).partition("am 31.12.")[2][:4]
    frame = frame[frame[0] == "60"].copy()
    frame["area"] = frame[2] + frame[3] + frame[4] + frame[6]
    frame["period"] = date
    return _values(_long(frame, REGISTER), german=True)  # type: ignore[arg-type]
