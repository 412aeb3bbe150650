# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The terms of contracts: closed lists and patterns.

Belongs here: types that say which words a field of a contract may have. Does not belong here: the models themselves
(`raw.table_contract`, `raw.contracts`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from raw.vocabulary.lists import codes, lists
from raw.vocabulary.period import PERIOD_PATTERN, frequency

FAMILIES = Path(__file__).parent / "families"


class ContractError(ValueError):
    """One or more contract files are wrong; the message lists every fault with its file."""


def _one_of(name: str) -> BeforeValidator:
    def check(value: object) -> object:
        if value is not None and value not in codes(name):
            raise ValueError(f"{value!r} is not in the closed list {name}: {', '.join(codes(name))}")
        return value

    return BeforeValidator(check)


def _symbol(value: object) -> object:
    missing = [code for code, entry in lists()["obs_status"].items() if not entry["has_value"]]
    if value != "zero" and value not in missing:
        raise ValueError(f"a symbol means 'zero' or one of {', '.join(missing)}, not {value!r}")
    return value


def _period(value: str) -> str:
    frequency(value)
    return value


def known_family(value: object) -> object:
    """The name of a layout family. Raises ValueError for any other."""
    known = sorted(path.stem for path in FAMILIES.glob("*.yml"))
    if value not in known:
        raise ValueError(f"there is no layout family {value!r}; known: {', '.join(known)}")
    return value


Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+-]+$")]
"""Key or code of a dimension: nothing that the canonical text `age=0-2;sex=f` needs for itself."""
AreaLevel = Annotated[str, _one_of("area_levels")]
Basis = Annotated[str, _one_of("bases")]
Meaning = Annotated[str, _one_of("meanings")]
MeasureClass = Literal["none", "personal", "social", "establishment"]
Symbol = Annotated[str, BeforeValidator(_symbol)]
Granularity = Literal["year", "quarter", "month", "week", "calendar_week"]
Decimal = Literal[",", ".", "thousands"]
"""Which mark divides off decimals in a text; `thousands`: counts in mixed formats (see `raw.harvest.values`)."""
Period = Annotated[str, Field(pattern=PERIOD_PATTERN), AfterValidator(_period)]
ObsStatus = Annotated[str, _one_of("obs_status")]
Text = dict[Literal["de", "en"], str]
