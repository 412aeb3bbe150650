# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""`lagebild protect`: tables in, protected tables and a restricted certificate out, or nothing (A1, A4)."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

import pipelines.protect
import quality.disclosure.protect
from pipelines.cli import main
from pipelines.protect import read_table
from quality.disclosure.audit import Findings

Protect = Callable[..., Result]


@pytest.fixture
def example(root: Path, tmp_path: Path) -> Path:
    """Return a copy of the example of the documentation."""
    return Path(shutil.copytree(root / "docs" / "example", tmp_path / "example"))


@pytest.fixture
def protect(example: Path) -> Protect:
    """Return a function that calls the command on tables of the example, with more words."""

    def call(*words: Any, language: str = "en", out: str = "out", review: str = "review", table: str = "") -> Result:
        files = ["--hierarchies", example / "hierarchies.yml", "--rules", example / "rules.yml"]
        folders = ["--out", example / out, "--review", example / review]
        named = [example / (table or "recipients.csv")]
        every = ["--lang", language, "--json", "protect", *named, *files, *folders, *words]
        return CliRunner().invoke(main, [str(word) for word in every])

    return call


def test_the_example_is_protected_and_proved(protect: Protect, example: Path) -> None:
    done = protect("--absent", "form", "--rate", "quota=recipients/pop")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    out = pl.read_csv(example / "out" / "recipients.csv", schema_overrides={"district": pl.String})
    assert out.columns == [
        "district", "age", "sex", "recipients", "recipients__status", "pop", "pop__status", "quota",
    ]  # fmt: skip
    assert set(out["recipients__status"]) == {"A", "Q"}, "one status for every reason"
    assert (
        out.filter(pl.col("recipients__status") == "Q")["recipients"].null_count()
        == said["withheld"] - (out["pop__status"] == "Q").sum()
    )
    small = out.filter(pl.col("recipients").is_between(1, 4))
    assert small.is_empty()
    hidden = out.filter(pl.col("recipients").is_null() | pl.col("pop").is_null())
    assert hidden["quota"].null_count() == hidden.height, "a rate is withheld with its numerator"
    certificate = json.loads((example / "review" / "certificate.json").read_text("utf-8"))
    assert certificate["finished"]
    assert certificate["failing"] == 0
    assert said["cells"] == certificate["cells"] == out.height * 2


def test_folders_and_files_of_the_review_are_the_owners_alone(protect: Protect, example: Path) -> None:
    assert protect("--absent", "form").exit_code == 0
    review = example / "review"
    assert stat.S_IMODE(review.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in review.iterdir() if path.is_file()} == {0o600}
    assert stat.S_IMODE((example / "out" / "recipients.csv").stat().st_mode) == 0o644


def test_the_same_call_gives_the_same_bytes_in_whatever_order_the_rows_come(protect: Protect, example: Path) -> None:
    assert protect("--absent", "form").exit_code == 0
    rows = (example / "recipients.csv").read_text("utf-8").splitlines()
    (example / "turned").mkdir()
    (example / "turned" / "recipients.csv").write_text("\n".join([rows[0], *reversed(rows[1:])]), "utf-8")
    done = protect("--absent", "form", table="turned/recipients.csv", out="again", review="other")
    assert done.exit_code == 0
    for name in ("out/recipients.csv", "review/release.parquet", "review/certificate_intervals.parquet"):
        other = name.replace("out/", "again/").replace("review/", "other/")
        assert (example / name).read_bytes() == (example / other).read_bytes(), name


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".tsv"])
def test_every_format_comes_out_as_it_came_in(protect: Protect, example: Path, suffix: str) -> None:
    frame = read_table(example / "recipients.csv").head(12)
    table = example / f"t{suffix}"
    pipelines.protect.write_table(frame, table, suffix)
    pipelines.protect.write_table(frame, example / "t.csv", ".csv")
    assert protect("--absent", "form", table=table.name).exit_code == 0
    assert protect("--absent", "form", table="t.csv", out="csv", review="r2").exit_code == 0
    assert read_table(example / "out" / table.name).rows() == [
        tuple(None if value is None else type_of(value) for value, type_of in zip(row, kinds, strict=True))
        for row in read_table(example / "csv" / "t.csv").rows()
        for kinds in [[int if suffix == ".parquet" and n in (3, 5) else str for n in range(7)]]
    ]


def test_faults_of_a_table_are_said_in_both_languages_and_nothing_is_written(protect: Protect, example: Path) -> None:
    rows = (example / "recipients.csv").read_text("utf-8").replace("01,0-17,f,19,", "01,0-17,f,-77,", 1)
    (example / "bad.csv").write_text(rows, "utf-8")
    english, german = (protect("--absent", "form", table="bad.csv", language=one) for one in ("en", "de"))
    assert english.exit_code == german.exit_code == 3
    assert "recipients: age 0-17, district 01, sex f is negative" in english.stderr
    assert "ist negativ" in german.stderr
    assert "77" not in english.stderr + german.stderr, "no value of a confidential table is said (A4)"
    assert not (example / "out").exists()


def test_absent_margins_are_named_by_default(protect: Protect) -> None:
    done = protect()
    assert done.exit_code == 3
    assert "pop: age 0-64, district 01, sex f = Σ age: pop: age 0-64, district 01, sex f is missing" in done.stderr
    assert "… (+ " in done.stderr


def test_a_failing_audit_and_an_unfinished_one_are_refusals(
    protect: Protect, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    for finished, said in ((True, "1 cells that are not covered"), (False, "did not come to its end")):
        found = Findings(finished=finished, failing=np.array([True]))
        monkeypatch.setattr(quality.disclosure.protect, "audit", lambda *words, found=found: found)
        done = protect("--absent", "form")
        assert done.exit_code == 1
        assert said in done.stderr
        assert not (example / "out").exists()
        assert not (example / "review" / "release.parquet").exists()


def test_an_unexpected_error_says_its_kind_and_leaves_its_text_in_the_restricted_folder(
    protect: Protect, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*words: Any) -> None:
        raise ArithmeticError("the value 4711 broke it")

    monkeypatch.setattr(quality.disclosure.protect, "audit", broken)
    done = protect("--absent", "form")
    assert done.exit_code == 1
    assert "ArithmeticError" in done.stderr
    assert "4711" not in done.stdout + done.stderr
    assert "4711" in (example / "review" / "error.txt").read_text("utf-8")
    assert stat.S_IMODE((example / "review" / "error.txt").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tier", "press"], "no tier press"),
        (["--rate", "quota"], "not a rate: quota"),
        (["--earlier", "nowhere"], "is not there"),
    ],
)
def test_a_wrong_call_is_told_from_a_refusal(protect: Protect, words: list[str], said: str) -> None:
    done = protect("--absent", "form", *words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_rules_below_the_floor_are_a_wrong_call(protect: Protect, example: Path) -> None:
    rules = example / "rules.yml"
    rules.write_text(rules.read_text("utf-8") + "tiers: {public: {classes: {social: {min_count: 1}}}}\n", "utf-8")
    done = protect("--absent", "form")
    assert done.exit_code == 2
    assert "at least 3 is required" in done.stderr


def test_a_second_release_is_protected_with_the_first(protect: Protect, example: Path) -> None:
    assert protect("--absent", "form").exit_code == 0
    first = pl.read_csv(example / "out" / "recipients.csv", infer_schema=False)
    done = protect("--absent", "form", "--earlier", example / "review", out="out2", review="review2")
    assert done.exit_code == 0, done.stderr
    assert first.equals(pl.read_csv(example / "out2" / "recipients.csv", infer_schema=False)), "nothing changed"


def test_the_public_tier_withholds_what_the_internal_one_does(protect: Protect, example: Path) -> None:
    """Threat model A3: a reader of both tiers learns what the fuller one tells, and no more."""
    assert protect("--absent", "form", "--tier", "internal", out="in", review="r1").exit_code == 0
    assert protect("--absent", "form", "--fuller", example / "r1", out="pub", review="r2").exit_code == 0
    internal, public = (pl.read_csv(example / name / "recipients.csv", infer_schema=False) for name in ("in", "pub"))
    for measure in ("recipients", "pop"):
        assert not (internal[measure].is_null() & public[measure].is_not_null()).any()
    assert public["recipients"].null_count() > internal["recipients"].null_count()


def test_rounding_gives_every_cell_a_multiple_of_the_base(protect: Protect, example: Path) -> None:
    done = protect("--absent", "form", "--round", "5")
    assert done.exit_code == 0, done.stderr
    out = pl.read_csv(example / "out" / "recipients.csv", schema_overrides={"district": pl.String})
    assert (out["recipients"] % 5 == 0).all()
    assert json.loads(done.stdout)["withheld"] == 0


def test_exact_after_rounded_is_refused(protect: Protect, example: Path) -> None:
    assert protect("--absent", "form", "--round", "5").exit_code == 0
    done = protect("--absent", "form", "--earlier", example / "review", out="out2", review="review2")
    assert done.exit_code == 3
    assert "a cell has one method only" in done.stderr
