# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Contracts: strict, complete in their complaints, and the product's own all in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw.contract_files import OTHER_FILES, PRODUCT_SOURCES, load_source, load_sources
from raw.contracts import ContractError, table_settings
from tests.raw.build import AREAS, SOURCE, TABLES, write_source, write_sources

KISS = TABLES[("t_kiss", "kiss_md", "register")]["t1"]
HEAD = SOURCE.format(id="s", family="kiss_md", basis="register")
PRODUCT_TABLES = sorted(path for path in PRODUCT_SOURCES.glob("*/*.yml") if path.stem not in OTHER_FILES)


def complaint(folder: Path, **files: str) -> str:
    write_source(folder / "s", {"source": HEAD, **files})
    with pytest.raises(ContractError) as raised:
        load_source(folder / "s")
    return str(raised.value)


def test_the_contracts_of_the_product_all_load() -> None:
    sources = load_sources()
    assert set(sources) >= {"kiss_md", "regionaldatenbank", "gv_isys", "genesis_ffcsv"}
    understood = [table for source in sources.values() for table in source.tables.values() if table.understood]
    assert len(understood) == len(PRODUCT_TABLES)
    assert len(sources["kiss_md"].tables) == 269


@pytest.mark.parametrize("path", PRODUCT_TABLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_table_costs_at_most_forty_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 40


def test_every_meaning_that_was_worked_out_says_from_what() -> None:
    rules = [
        rule
        for source in load_sources().values()
        for table in source.tables.values()
        for rule in table.columns.values()
    ]
    worked_out = [rule for rule in rules if rule.meaning == "evidence"]
    assert worked_out
    assert all(len(rule.evidence or "") > 20 for rule in worked_out)


def test_no_two_tables_of_the_product_claim_the_same_code() -> None:
    for source in load_sources().values():
        detects = [str(table.detect) for table in source.tables.values()]
        assert len(set(detects)) == len(detects)


def test_a_key_that_the_model_does_not_know_is_a_fault(tmp_path: Path) -> None:
    assert "t1.yml: colour: Extra inputs" in complaint(tmp_path, t1=f"{KISS}colour: red\n")


def test_a_column_rule_with_an_unknown_key_is_a_fault(tmp_path: Path) -> None:
    assert "t1.yml: columns.var6.scale: Extra" in complaint(tmp_path, t1=KISS.replace("ignore:", "scale: 3, ignore:"))


def test_all_faults_of_all_files_are_told_at_once_with_their_files(tmp_path: Path) -> None:
    text = complaint(
        tmp_path,
        source=HEAD.replace("cadence: annual", "cadence: sometimes").replace("owner: niemand\n", ""),
        t1=KISS.replace("concept: pop", "concept: popp"),
        t2="id: [",
        t3=KISS,
        areas=AREAS.replace('"02", "2"', '"01", "2"'),
        known_violations="- {table: t1}\n- {table: t1, identity: none, colour: red}\n",
    )
    for part in (
        "s/source.yml: cadence",
        "s/source.yml: owner: Field required",
        "s/t1.yml: columns.var3",
        "'popp'",
        "s/t2.yml: not readable",
        "s/t3.yml: id is 't1', expected 't3'",
        "s/areas.yml",
        "the code '01' stands for",
        "s/known_violations.yml: 0.reason",
        "s/known_violations.yml: 1.colour",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{concept: pop,", "{concept: unheard,", "the concept 'unheard' is not in the vocabulary"),
        (', evidence: "invented"', "", "needs a sentence under evidence"),
        ("var4: unknown", "var4: {}", "a column has a concept"),
        ("var4: unknown", "var4: {meaning: guessed}", "closed list meanings"),
        ("var4: unknown", "var4: {concept: pop, symbols: {'.': nothing}}", "a symbol means 'zero' or one of"),
        ("var4: unknown", "var4: {concept: pop, symbols: {'.': A}}", "a symbol means 'zero' or one of"),
        ("var4: unknown", "var4: {concept: pop, basis: gut_feeling}", "closed list bases"),
        ("var4: unknown", "var4: {concept: pop, dims: {age: '0;2'}}", "should match pattern"),
        ("var4: unknown", "var3: unknown", "twice: var3"),
        ("{stub: var1}", "{stub: var1, format: fortnight}", "period.format"),
    ],
)
def test_a_wrong_table_is_refused_with_a_reason(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in KISS
    assert words in complaint(tmp_path, t1=KISS.replace(old, new))


@pytest.mark.parametrize(
    "identity",
    [
        "{parts: [var3], whole: var9}",
        "{parts: [var9], whole: var3}",
        "{areas: {from: stadtteil, to: gemeinde}, columns: [var9]}",
    ],
)
def test_an_identity_over_a_column_that_does_not_exist_is_a_fault(tmp_path: Path, identity: str) -> None:
    assert "names the column 'var9'" in complaint(tmp_path, t1=f"{KISS}identities:\n  - {identity}\n")


def test_an_identity_is_over_columns_or_over_areas_not_both_nor_neither(tmp_path: Path) -> None:
    both = "{parts: [var3], whole: var5, areas: {from: stadtteil, to: gemeinde}, columns: [var3]}"
    for number, identity in enumerate([both, "{tolerance: 1}"]):
        text = complaint(tmp_path / str(number), t1=f"{KISS}identities:\n  - {identity}\n")
        assert "either parts and whole, or areas and columns" in text


def test_a_family_without_a_reader_is_a_fault(tmp_path: Path) -> None:
    text = complaint(tmp_path, source=HEAD.replace("family: kiss_md", "family: clay_tablet"))
    assert "no layout family 'clay_tablet'" in text
    assert "kiss_md" in text


def test_a_folder_is_named_like_its_source_and_has_one(tmp_path: Path) -> None:
    write_source(tmp_path / "other", {"source": HEAD})
    with pytest.raises(ContractError, match="id is 's', expected 'other'"):
        load_source(tmp_path / "other")
    with pytest.raises(ContractError, match="no source"):
        load_source(write_source(tmp_path / "empty", {"t1": KISS}))


def test_areas_that_are_promised_but_missing_are_a_fault(tmp_path: Path) -> None:
    write_sources(tmp_path)
    (tmp_path / "t_kiss" / "areas.yml").unlink()
    with pytest.raises(ContractError, match=r"t_kiss/source.yml: names areas.yml"):
        load_sources(tmp_path)


def test_an_area_stands_in_its_list_once(tmp_path: Path) -> None:
    text = complaint(tmp_path, areas=AREAS + '  - {key: "99001000-01", name: Nochmal}\n')
    assert "twice: 99001000-01" in text


def test_a_known_violation_of_a_table_that_does_not_exist_is_a_fault(tmp_path: Path) -> None:
    known = '- {table: gone, identity: none, area: "*", period: "2020", reason: r, until: 2030-01-01, expect: x}\n'
    assert "there is no table 'gone'" in complaint(tmp_path, t1=KISS, known_violations=known)


def test_a_site_replaces_a_source_of_the_product_by_id_and_adds_its_own(tmp_path: Path) -> None:
    write_sources(tmp_path)
    write_source(
        tmp_path / "genesis_ffcsv", {"source": SOURCE.format(id="genesis_ffcsv", family="genesis_ffcsv", basis="ba")}
    )
    sources = load_sources(tmp_path)
    assert sources["genesis_ffcsv"].contract.publisher == "Amt für Erfundenes"
    assert sources["genesis_ffcsv"].tables == {}
    assert {"t_kiss", "kiss_md"} <= set(sources)


def test_only_active_sources_are_loaded_and_unknown_ones_named(tmp_path: Path) -> None:
    write_sources(tmp_path)
    assert list(load_sources(tmp_path, ["t_gv"])) == ["t_gv"]
    with pytest.raises(ContractError, match="nowhere: no such source"):
        load_sources(tmp_path, ["t_gv", "nowhere"])


def test_faults_of_several_sources_are_told_together(tmp_path: Path) -> None:
    write_sources(tmp_path)
    for name, table in (("t_gv", "g1"), ("t_genesis", "f1")):
        (tmp_path / name / f"{table}.yml").write_text("id: x", "utf-8")
    with pytest.raises(ContractError) as raised:
        load_sources(tmp_path)
    assert "t_gv/g1.yml" in str(raised.value)
    assert "t_genesis/f1.yml" in str(raised.value)


def test_a_table_takes_from_its_source_what_it_does_not_say_itself(tmp_path: Path) -> None:
    folder = write_source(tmp_path / "s", {"source": HEAD, "t1": f"{KISS}class: none\npublicity: public\n"})
    source = load_source(folder)
    assert table_settings(source, source.tables["t1"]) == {"basis": "register", "class": "none", "publicity": "public"}
    assert source.protects_values


def test_whatever_a_contract_says_is_in_its_fingerprint(tmp_path: Path) -> None:
    prints = set()
    for number, (old, new) in enumerate(
        [("", ""), ("factor: 1000", "factor: 100"), ("age: 0-2", "age: 0-3"), ("{de: t", "{de: u")]
    ):
        folder = write_source(tmp_path / str(number) / "s", {"source": HEAD, "t1": KISS.replace(old, new)})
        prints.add(load_source(folder).fingerprint())
        assert load_source(folder).fingerprint() in prints
    assert len(prints) == 4


def test_a_site_folder_without_source_yml_adds_to_the_product_and_never_in_silence(tmp_path: Path) -> None:
    added = tmp_path / "kiss_md"
    added.mkdir()
    (added / "confirmations.yml").write_text(
        '- {table: k3_t34, columns: [var7], confirmed: "office, 2026-11-22"}\n', "utf-8"
    )
    place = "table: k3_t34, identity: ages, area: '15003000', period: '2021'"
    (added / "known_violations.yml").write_text(f"- {{{place}, reason: r, until: 2030-01-01, expect: 'x'}}\n", "utf-8")
    product, joined = load_sources()["kiss_md"], load_sources(tmp_path)["kiss_md"]
    assert sorted(joined.tables) == sorted(product.tables)
    assert joined.tables["k3_t34"].columns["var7"].confirmed == "office, 2026-11-22"
    assert joined.tables["k3_t34"].columns["var3"].confirmed is None
    assert len(joined.violations) == len(product.violations) + 1
    (added / "confirmations.yml").write_text("- {table: k3_t34, columns: [var99], confirmed: x}\n", "utf-8")
    with pytest.raises(ContractError, match="no column 'var99' in k3_t34"):
        load_sources(tmp_path)
    (tmp_path / "nobody").mkdir()
    (tmp_path / "nobody" / "known_violations.yml").write_text("[]\n", "utf-8")
    with pytest.raises(ContractError, match=r"nobody: no source\.yml"):
        load_sources(tmp_path)


def test_no_election_is_taken_for_another() -> None:
    """A turnout of a Landtagswahl was once shown as one of the Bundestagswahl of that year."""
    endings = {"Bundestagswahl": "", "Landtagswahl": "_state", "Gemeindewahl": "_local"}
    seen = set()
    for source in load_sources().values():
        for table in source.tables.values():
            said = f"{table.title['de']} {source.contract.title['de']}"
            for election in (name for name in endings if name in said):
                own = {"electorate" + endings[election], "votes" + endings[election]}
                used = {rule.concept for rule in table.columns.values() if rule.concept and "vote" in rule.concept}
                used |= {
                    rule.concept for rule in table.columns.values() if (rule.concept or "").startswith("electorate")
                }
                assert used <= own, (source.id, table.id)
                seen |= used
    assert {"electorate", "electorate_state", "electorate_local", "votes_state", "votes_local"} <= seen
