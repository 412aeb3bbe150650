# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The derived schema by mutation: good rows pass; each rule, once broken, takes exactly the broken row out."""

from __future__ import annotations

import math

import polars as pl
import pytest

from quality.checks.schema import SchemaBroken, schema, sift
from raw.vocabulary.observation import OBSERVATION
from tests.quality import tables


def good_rows() -> pl.DataFrame:
    return tables.observations(
        [
            tables.observation("DG", 100.0),
            tables.observation("07", 50.0, period="2023-Q2"),
            tables.observation("07315", 20.0, period="2023-06"),
            tables.observation("07315000", None),
            tables.observation("07315000-03", 0.0),
            tables.observation("07315000", 2.5, measure="unemp"),
            tables.observation("07315000", -3.5, measure="disp_income", unit="EUR"),
            tables.observation(
                "07315000", None, measure="postal_code", unit="text", obs_status="A", value_text="55116"
            ),
        ]
    )


MUTATIONS = {
    "negative count": ({"value": -1.0}, "not_negative"),
    "half a person": ({"value": 1.5}, "whole_number"),
    "half a birth": ({"value": 1.5, "measure": "births"}, "whole_number"),
    "no number": ({"value": math.nan}, "finite"),
    "endless": ({"value": math.inf}, "finite"),
    "lost zero": ({"area": "7315", "area_level": "kreis"}, "area_key"),
    "key of another level": ({"area": "07315", "area_level": "gemeinde"}, "area_key"),
    "bad month": ({"period": "2023-13"}, "str_matches"),
    "bad quarter": ({"period": "2023-Q5"}, "str_matches"),
    "period in words": ({"period": "Summer 2023"}, "str_matches"),
    "unknown level": ({"area_level": "village"}, "isin"),
    "unknown basis": ({"basis": "guess"}, "isin"),
    "unknown status": ({"obs_status": "Z"}, "isin"),
    "value beside withheld": ({"obs_status": "Q"}, "value_beside_status"),
    "value beside missing": ({"obs_status": "O"}, "value_beside_status"),
    "no value without a reason": ({"value": None}, "value_beside_status"),
    "no area": ({"area": None}, "nullable"),
}


def test_good_rows_pass():
    sifted = sift(good_rows())
    assert sifted.good.equals(good_rows())
    assert sifted.quarantined.is_empty()


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize("place", [0, 4])
def test_a_broken_rule_takes_out_that_row_only_and_names_itself(name, place):
    change, rule = MUTATIONS[name]
    rows = good_rows().to_dicts()
    rows[place] |= change
    frame = pl.DataFrame(rows, schema=OBSERVATION, orient="row")
    sifted = sift(frame)
    assert sifted.quarantined["cell"].to_list() == [rows[place]["cell"]]
    assert rule in sifted.quarantined["broken"].item()
    assert sifted.quarantined.drop("broken").equals(frame[place])
    assert sifted.good.equals(frame.filter(pl.col("cell") != rows[place]["cell"]))


def test_a_row_that_breaks_two_rules_says_both():
    rows = tables.observations([tables.observation("07315000", -1.5)])
    assert set(sift(rows).quarantined["broken"].item().split(";")) == {"not_negative", "whole_number"}


def test_a_mean_of_persons_may_have_a_fraction():
    assert sift(tables.observations([tables.observation("07", 2.5, measure="unemp")])).quarantined.is_empty()


def test_a_difference_may_be_below_zero():
    rows = tables.observations([tables.observation("07", -2.0, measure="census_difference")])
    assert sift(rows).quarantined.is_empty()


def test_a_lazy_frame_does_not_slip_through():
    rows = tables.observations([tables.observation("07", -1.0), tables.observation("08", 1.0)])
    sifted = sift(rows.lazy())
    assert isinstance(sifted.good, pl.DataFrame)
    assert sifted.quarantined["area"].to_list() == ["07"]


def test_the_environment_cannot_switch_the_rules_off(monkeypatch):
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", "False")
    monkeypatch.setenv("PANDERA_VALIDATION_DEPTH", "SCHEMA_ONLY")
    assert sift(tables.observations([tables.observation("07", -1.0)])).quarantined.height == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda frame: frame.with_columns(pl.col("area").str.replace_all(r"\D", "0").cast(pl.Int64)),
        lambda frame: frame.with_columns(pl.col("value").cast(pl.String)),
        lambda frame: frame.with_columns(extra=pl.lit(1)),
        lambda frame: frame.drop("unit"),
    ],
)
def test_wrong_columns_or_types_stop_everything_and_the_message_has_no_value(damage):
    rows = tables.observations([tables.observation("07315", 987654321.0, value_text="987654321")])
    with pytest.raises(SchemaBroken) as caught:
        sift(damage(rows))
    assert "987654321" not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_schema_has_every_column_of_an_observation():
    assert set(OBSERVATION) <= set(schema().columns)


def test_no_rows_are_good_rows():
    assert sift(tables.observations([])).good.is_empty()
