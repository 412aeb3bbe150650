# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Hierarchies are read in every form, and all that is wrong with them is said at once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from quality.disclosure.model.faults import BadInput
from quality.disclosure.model.hierarchy import Hierarchy, read_hierarchies

AGES = {"U25": "T", "25+": "T", "U18": "U25", "18-24": "U25"}


def said(make) -> list[str]:
    with pytest.raises(BadInput) as caught:
        make()
    return [one.kind for one in caught.value.faults]


def test_pairs_a_frame_a_tree_and_levels_say_the_same():
    pairs = [("T", ""), *AGES.items()]
    frame = pl.DataFrame(pairs, schema=["code", "parent"], orient="row")
    tree = {"T": {"U25": ["U18", "18-24"], "25+": []}}
    levels = pl.DataFrame({"upper": ["U25", "U25", "25+"], "lower": ["U18", "18-24", "25+"]})
    assert (
        dict(Hierarchy.from_pairs("age", pairs).parents)
        == dict(Hierarchy.from_frame("age", frame).parents)
        == dict(Hierarchy.from_tree("age", tree).parents)
        == dict(Hierarchy.from_levels("age", levels, "T").parents)
        == AGES
    )


def test_a_cycle_is_named_once_from_its_smallest_code():
    with pytest.raises(BadInput) as caught:
        Hierarchy.from_pairs("geo", [("C", "A"), ("A", "B"), ("B", "C"), ("D", "D"), ("T", "")])
    assert [dict(one.about)["codes"] for one in caught.value.faults] == ["A, B, C", "D"]
    assert "Kreis" in caught.value.say("de")


def test_two_parents_and_a_parent_that_is_not_there_are_said_together():
    pairs = [("T", ""), ("A", "T"), ("A", "S"), ("S", "T"), ("B", "X")]
    assert said(lambda: Hierarchy.from_pairs("geo", pairs)) == ["two_parents", "no_such_parent"]


def test_a_file_holds_several_hierarchies_of_one_dimension(tmp_path: Path):
    (tmp_path / "county.csv").write_text("code,parent,level\n01,T,2\n02,T,2\nT,,1\n", "utf-8")
    (tmp_path / "h.yml").write_text(
        "geo: [{file: county.csv}, {tree: {T: {big: [01], small: [02]}}}]\nsex: {total: T}\nday: []\n", "utf-8"
    )
    read = read_hierarchies(tmp_path / "h.yml")
    assert [(one.dimension, one.label, one.total) for one in read] == [
        ("geo", "geo (county.csv)", None),
        ("geo", "geo (2)", None),
        ("sex", "sex", "T"),
        ("day", "day", None),
    ]
    assert read[0].parents == {"01": "T", "02": "T"}, "leading zeros stay"


def test_faults_of_all_hierarchies_of_a_file_come_together(tmp_path: Path):
    (tmp_path / "geo.csv").write_text("key,above\nA,T\n", "utf-8")
    (tmp_path / "h.yml").write_text("geo: {file: geo.csv}\nsex: {totel: T}\n", "utf-8")
    assert said(lambda: read_hierarchies(tmp_path / "h.yml")) == ["hierarchy_columns", "hierarchy_form"]
