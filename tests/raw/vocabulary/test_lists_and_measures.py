# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Closed lists and measures: each defined once, each measure of a concept that exists, each label unmistakable."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import yaml
from pydantic import ValidationError

from raw.contracts import TableContract
from raw.vocabulary import dimensions
from raw.vocabulary.dimensions import age_interval
from raw.vocabulary.lists import codes, lists, statuses_with_value
from raw.vocabulary.measures import Concept, Measure, concepts, measures, partitions
from raw.vocabulary.observation import OBSERVATION, OBSERVATION_KEY, empty_observations

VOCABULARY = Path(dimensions.__file__).parent


def test_every_list_has_its_codes_once_and_speaks_german_and_english() -> None:
    for name in ("area_levels", "bases", "obs_status", "conf_status"):
        assert len(set(codes(name))) == len(codes(name)) > 0
        assert all(entry["de"] and entry["en"] for entry in lists()[name].values())
    assert {entry["kind"] for entry in lists()["area_levels"].values()} <= {
        "administrative",
        "municipal",
        "electoral",
        "grid",
    }


def test_only_published_statuses_carry_a_value() -> None:
    assert statuses_with_value() == {"A", "E", "P", "U", "B"}


def test_only_stated_and_labelled_meanings_are_public() -> None:
    assert {name for name, entry in lists()["meanings"].items() if entry["public"]} == {"stated", "labelled"}


def test_every_measure_resolves_to_a_concept_and_its_ages_are_intervals() -> None:
    assert len(measures()) > 40
    for measure in measures().values():
        assert measure.concept in concepts()
        assert abs(sum(measure.offsets.values()) - 1) < 1e-12
        if "age" in measure.dims:
            low, high = age_interval(measure.dims["age"])
            assert low <= high


def test_a_mean_is_a_linear_combination_of_shifted_cells() -> None:
    assert measures()["pop_mean"].offsets == {-1: 0.5, 0: 0.5}
    assert measures()["pop_total_prev5"].offsets == {-5: 1.0}


def test_concepts_use_the_classes_of_the_closed_list_and_nest_in_concepts() -> None:
    for concept in concepts().values():
        assert concept.klass in lists()["measure_classes"]
        assert concept.within is None or concept.within in concepts()
    assert not concepts()["unemp_rate"].additive
    assert concepts()["pop"].additive


def test_concept_and_measure_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValidationError, match="colour"):
        Concept.model_validate({"unit": "x", "kind": "stock", "class": "none", "de": "x", "en": "x", "colour": "red"})
    with pytest.raises(ValidationError, match="Extra inputs"):
        Measure.model_validate({"concept": "pop", "dim": {}})


def test_a_label_means_one_code_of_its_dimension() -> None:
    listed = yaml.safe_load((VOCABULARY / "labels.yml").read_text("utf-8"))
    for by_code in listed.values():
        counted = Counter(label for labels in by_code.values() for label in labels)
        assert max(counted.values()) == 1


def test_partitions_name_codes_that_labels_lead_to() -> None:
    listed = yaml.safe_load((VOCABULARY / "labels.yml").read_text("utf-8"))
    for dimension in ("sex", "nationality"):
        assert set(partitions()[dimension]) == set(listed[dimension]) - {"total"}


def test_no_concept_is_an_unknown_column_in_disguise() -> None:
    # The measure of an unknown column is "<table>.<column>"; a concept with a dot could be taken for one.
    assert not any("." in name for name in concepts())
    with pytest.raises(ValidationError):
        TableContract.model_validate(
            {"id": "t", "title": {"de": "t"}, "detect": "t", "columns": {"a": {"concept": "t.a"}}}
        )


def test_the_observation_has_its_key_and_its_types() -> None:
    frame = empty_observations()
    assert set(OBSERVATION_KEY) <= set(frame.columns)
    assert frame.height == 0
    assert {name: kind for name, kind in OBSERVATION.items() if kind != pl.String()} == {
        "value": pl.Float64(),
        "published_on": pl.Date(),
        "received_at": pl.Datetime("us", "UTC"),
    }
