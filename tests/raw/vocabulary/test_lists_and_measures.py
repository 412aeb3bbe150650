# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Closed lists and measures: each defined once, each measure of a concept that exists, each label unmistakable."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import yaml
from pydantic import ValidationError

from raw.contract_files import load_sources
from raw.contracts import TableContract
from raw.vocabulary import measures as measures_module
from raw.vocabulary.dimensions import intervals, intervals_code
from raw.vocabulary.filters import closure
from raw.vocabulary.lists import codes, lists, statuses_with_value
from raw.vocabulary.measures import (
    At,
    Concept,
    DefinitionError,
    Measure,
    Vector,
    class_of,
    classifications,
    concepts,
    declared,
    dimensions,
    measures,
    partitions,
    plain_name,
    reference,
    valid_from,
)
from raw.vocabulary.observation import OBSERVATION, OBSERVATION_KEY, empty_observations

VOCABULARY = Path(measures_module.__file__).parent


def test_every_list_has_its_codes_once_and_speaks_german_and_english() -> None:
    for name in ("area_levels", "bases", "freq", "years", "obs_status", "conf_status"):
        assert len(set(codes(name))) == len(codes(name)) > 0
        assert all(entry["de"] and entry["en"] for entry in lists()[name].values())
    assert {entry["kind"] for entry in lists()["area_levels"].values()} <= {
        "administrative",
        "municipal",
        "electoral",
        "grid",
    }


def test_electoral_and_grid_levels_have_keys_of_their_own() -> None:
    kinds = {name: entry["kind"] for name, entry in lists()["area_levels"].items()}
    assert {"wahlkreis", "wahlbezirk"} <= {name for name, kind in kinds.items() if kind == "electoral"}
    assert {"grid_1km", "grid_100m"} <= {name for name, kind in kinds.items() if kind == "grid"}
    keys = {"wahlbezirk": "15003000-W0101", "grid_1km": "1kmN2690E4334", "kreis": "15003", "stadtteil": "15003000-01"}
    for level, key in keys.items():
        assert re.fullmatch(lists()["area_levels"][level]["key"], key)
        assert not re.fullmatch(lists()["area_levels"]["gemeinde"]["key"], key)


def test_every_statistic_of_the_catalogue_has_a_basis(shared_data: Path) -> None:
    catalogue = yaml.safe_load((shared_data / "kpi" / "kpi_catalogue.yaml").read_text("utf-8"))
    numbers = {number for entry in lists()["bases"].values() for number in entry.get("evas", [])}
    for source in catalogue["sources"].values():
        for number in (source["code"] or "").split("/"):
            assert not number or number in numbers, source


def test_only_published_statuses_carry_a_value() -> None:
    assert statuses_with_value() == {"A", "E", "P", "U", "B"}


def test_only_stated_and_labelled_meanings_are_public() -> None:
    assert {name for name, entry in lists()["meanings"].items() if entry["public"]} == {"stated", "labelled"}


def test_every_measure_resolves_to_a_concept_and_its_ages_are_intervals() -> None:
    for measure in measures().values():
        assert measure.concept in concepts()
        assert abs(sum(measure.offsets.values()) - measure.pool) < 1e-12
        for dimension, code in measure.total_dims.items():
            if dimensions()[dimension].interval:
                assert all(low <= high for low, high in intervals(code))
                assert intervals_code(intervals(code)) == code


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


def test_nothing_is_defined_twice_and_no_two_measures_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Counter(
        (measure.concept, str(measure.dims), str(measure.offsets), reference(measure), measure.vector)
        for measure in measures().values()
    )
    assert max(said.values()) == 1
    folder = tmp_path / "measures"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.yml").write_text("measures: {x: {concept: pop}}", encoding="utf-8")
    monkeypatch.setattr(measures_module, "VOCABULARY", tmp_path)
    with pytest.raises(DefinitionError, match=r"b.yml: measures.x stands twice"):
        measures_module._files.__wrapped__()
    (folder / "b.yml").write_text("measures: {x: {concept: pop}, x: {concept: hh}}", encoding="utf-8")
    with pytest.raises(yaml.YAMLError, match="twice: x"):
        measures_module._files.__wrapped__()


def test_a_measure_of_unknown_words_is_refused() -> None:
    for measure, words in (
        ({"concept": "unheard"}, "no concept unheard"),
        ({"concept": "pop", "dims": {"colour": "red"}}, "no dimension colour"),
        ({"concept": "pop", "dims": {"sex": "x"}}, "sex has no code x"),
        ({"concept": "pop", "classification": "unheard"}, "no classification unheard"),
    ):
        assert [words in fault for fault in measures_module._faults("m", Measure.model_validate(measure))] == [True]


def test_a_measure_that_contradicts_itself_is_refused() -> None:
    for entry in (
        {"shift": 1, "mean_of": [0]},
        {"dims": {"age": "*"}},
        {"vector": {"first": 0, "last": 9}},
        {"pool": 0},
        {"at": {"month": 13}},
        {"at": {"day": 1}},
    ):
        with pytest.raises(ValidationError):
            Measure.model_validate({"concept": "pop", **entry})
    with pytest.raises(ValidationError, match="belong together"):
        Concept.model_validate({"unit": "x", "kind": "stock", "class": "none", "of": "pop", "de": "x", "en": "x"})


def test_what_dimensions_say_of_their_codes_exists() -> None:
    for name, dimension in dimensions().items():
        assert set(dimension.partition) <= set(dimension.codes)
        assert not dimension.interval or not dimension.codes
        for code, entry in dimension.codes.items():
            assert entry.part_of is None or entry.part_of in dimension.codes
            assert all(dimension.codes[part].part_of == code for part in entry.parts)
            closure({name: code})  # raises if nobody can have it


def test_every_dimension_of_a_contract_is_in_the_vocabulary() -> None:
    for source in load_sources().values():
        for table in source.tables.values():
            for rule in table.columns.values():
                for dimension, code in rule.dims.items():
                    entry = dimensions()[dimension]
                    assert entry.interval or entry.open or code in entry.codes


def test_classifications_have_a_beginning_where_groups_changed() -> None:
    assert valid_from(measures()["care_total"]) == 2017
    assert valid_from(measures()["sgb2_elb"]) == 2016
    assert valid_from(measures()["pop_total"]) is None
    used = {measure.classification for measure in measures().values()} | {
        concept.classification for concept in concepts().values()
    }
    assert used - {None} == set(classifications())


def test_the_elements_of_a_vector_are_single_years() -> None:
    births = measures()["births_by_age"]
    assert births.vector is not None
    assert (births.vector.codes[0], births.vector.codes[-1], len(births.vector.codes)) == ("15", "49", 35)
    assert births.total_dims == {"age": "15-49"}
    assert Vector(first=0, last=100, open=True).codes[-2:] == ("99", "100+")
    assert measures()["pop_by_age_mean"].offsets == {-3: 0.5, -2: 1.0, -1: 1.0, 0: 0.5}


def test_cells_from_which_a_period_rule_starts_have_a_name() -> None:
    assert plain_name(measures()["pop_mean"]) == "pop_total"
    assert plain_name(measures()["pop_f_15_49_mean"]) == "pop[age=15-49;sex=f]"
    assert plain_name(Measure(concept="sgb2_bg", at=At(month=12))) == "sgb2_bg"
    assert plain_name(Measure(concept="sgb2_bg")) == "sgb2_bg_mean"


CLASSES = {
    "not_personal": "none",
    "personal_count": "personal",
    "sensitive_personal_count": "social",
    "establishment_or_dominance": "establishment",
}
SAME_UNITS = {
    "children": "persons", "pupils": "persons", "cars": "vehicles", "units": ("benefit units", "pharmacies"),
}  # fmt: skip
REFERENCES = {
    "31.12.": "M12", "31.12. t-1": "M12", "31.12. t-5": "M12", "01.03.": "M03", "30.06.": "M06", "31.01.": "M01",
    "30.09.": "M09", "01.10.": "M10", "01.01.": "M01", "01.01. t+1": "M01", "Dezember (t-3)": "M12",
    "Schuljahr (Okt.)": "M10", "Okt.-Sep.": "sum of the training year", "cumulative 31.12.": "M12",
    "15.12./31.12. odd years": "M12", "31.12. odd years": "M12", "odd years": "M12", "election day": "none",
    "Stichtag": "none",
}  # fmt: skip


def test_every_measure_of_the_catalogue_is_defined_as_it_says_or_has_a_note(shared_data: Path) -> None:
    catalogue = yaml.safe_load((shared_data / "kpi" / "kpi_catalogue.yaml").read_text("utf-8"))["measures"]
    own = {"pop_by_age": "the median age of a year end is not one of three years"}
    own |= dict.fromkeys(("unemp_rate", "unemp_rate_15_24"), "decision 0014")
    assert set(measures()) - set(catalogue) == set(own)
    assert set(catalogue) <= set(measures())
    for name, entry in catalogue.items():
        measure, concept = measures()[name], concepts()[measures()[name].concept]
        assert class_of(measure) == CLASSES[entry["confidentiality_class"]], name
        if entry["unit"] not in (concept.unit, "cases", "persons"):
            assert concept.unit in SAME_UNITS[entry["unit"]], name
        if measure.vector is None:
            assert concept.additive_geo == entry["additive_over_geo"], name
            assert concept.additive_time == entry["additive_over_time"] or measure.note, name
        if entry["reference_time"] in REFERENCES:
            assert reference(measure) == REFERENCES[entry["reference_time"]], name
        elif entry["reference_time"].startswith("annual mean"):
            assert measure.mean_of == [-1, 0] or reference(measure) == "mean", name
        elif entry["reference_time"] == "year":
            assert reference(measure) in ("sum", "none"), name
        if set(measure.offsets) != {0}:
            years = re.search(r" t([+-]\d)$", entry["reference_time"])
            pooled_or_mean = measure.pool > 1 or entry["reference_time"] == "annual mean"
            assert pooled_or_mean or (years and measure.shift == int(years[1])), name


def test_declared_relations_name_measures_and_say_why() -> None:
    assert len(declared()) == 4
    assert all(len(entry.note) > 20 for entry in declared())
