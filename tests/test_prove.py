# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The harness of the two depths of proof keeps its own promises."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.prove import SEED, Experiments, Journal, choose, tree_state, write_evidence

CASES = range(100)


def never(case: int) -> None:
    raise AssertionError(f"case {case} was run again")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with one commit that ignores the journals."""
    (tmp_path / ".gitignore").write_text(".prove/\n")
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def test_a_sample_runs_as_many_cases_as_the_test_asks_for_and_the_same_ones_each_time():
    first: list[int] = []
    second: list[int] = []
    result = Experiments()("some", CASES, first.append, sample=7)
    Experiments()("some", CASES, second.append, sample=7)
    assert first == second
    assert (result.run, result.known, result.seed) == (7, 100, SEED)


def test_another_seed_and_another_experiment_choose_other_cases():
    keys = [str(case) for case in CASES]
    assert len({tuple(choose(keys, 7, seed)) for seed in ("1:a", "2:a", "1:b")}) == 3


def test_a_sample_larger_than_the_experiment_is_all_of_it():
    assert Experiments()("some", range(3), lambda case: None, sample=10).run == 3


def test_full_depth_runs_every_case(tmp_path: Path):
    result = Experiments(journals=tmp_path)("some", CASES, lambda case: {"even": case % 2 == 0}, sample=7)
    assert (result.run, result.passed, result.failed) == (100, 100, 0)
    assert result.figures == {"even": 50}


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path):
    done: list[int] = []

    def stop_at_40(case: int) -> None:
        if case == 40:
            raise KeyboardInterrupt
        done.append(case)

    with pytest.raises(KeyboardInterrupt):
        Experiments(journals=tmp_path)("some", CASES, stop_at_40)
    unfinished = Journal(tmp_path / "some.jsonl").result()
    assert unfinished is not None
    assert (unfinished.run, unfinished.known) == (40, 100)

    with (tmp_path / "some.jsonl").open("a") as file:
        file.write('{"case": "40", "pas')  # what a power cut leaves
    result = Experiments(journals=tmp_path)("some", CASES, done.append)
    assert done == list(CASES)
    assert result.run == result.passed == 100
    assert Experiments(journals=tmp_path)("some", CASES, never).passed == 100


def test_a_case_that_failed_is_run_again_but_one_that_passed_is_not(tmp_path: Path):
    def odd_fails(case: int) -> None:
        assert case % 2 == 0

    again: list[int] = []
    with pytest.raises(pytest.fail.Exception):
        Experiments(journals=tmp_path)("some", range(4), odd_fails)
    assert Experiments(journals=tmp_path)("some", range(4), again.append).failed == 0
    assert again == [1, 3]


@pytest.mark.parametrize("full", [False, True])
def test_a_failing_case_is_named_with_its_reason_and_the_seed_after_all_cases_were_run(tmp_path: Path, full: bool):
    seen: list[int] = []

    def check(case: int) -> None:
        seen.append(case)
        if case == 3:
            raise ValueError("sheet 1, C2: 12 is not 21")

    with pytest.raises(pytest.fail.Exception) as failure:
        Experiments(journals=tmp_path if full else None)("some", range(9), check)
    assert seen == list(range(9))
    assert str(failure.value).splitlines() == [
        f"some: 1 of 9 cases do not hold (seed {SEED})",
        "  3: ValueError: sheet 1, C2: 12 is not 21",
    ]


@pytest.mark.parametrize(
    ("name", "cases", "message"),
    [("none", [], "no cases"), ("twice", [1, 1], "share their key"), ("Not a name", [1], "lower case")],
)
def test_an_experiment_that_would_show_nothing_is_refused(name: str, cases: list[int], message: str):
    with pytest.raises(ValueError, match=message):
        Experiments()(name, cases, lambda case: None)


def test_the_evidence_names_commit_seed_counts_times_and_figures(repository: Path):
    state = tree_state(repository)
    folder = repository / ".prove" / state / f"seed-{SEED}"
    Experiments(journals=folder)(
        "first", range(12), lambda case: {"worst": case}, summary=lambda all_: max(all_, key=max)
    )
    with pytest.raises(pytest.fail.Exception):
        Experiments(journals=folder)(
            "second", ["good", "bad"], lambda case: [][case == "bad"] if case == "bad" else None
        )
    write_evidence(repository, folder, SEED)
    page = (repository / "docs/evidence.md").read_text("utf-8")
    assert f"- Commit: `{state}`\n" in page
    assert f"- Seed: {SEED}\n" in page
    assert "| first | 12 | 12 | 12 | 0 |" in page
    assert "| second | 2 | 2 | 1 | 1 |" in page
    assert "Cases that do not hold:\n\n- `'bad'`" in page


def test_what_was_not_run_again_stands_apart_with_its_commit(repository: Path):
    def ran(state: str, name: str, cases: int) -> Path:
        folder = repository / ".prove" / state / "seed-1"
        Experiments(1, folder)(name, range(cases), lambda case: None)
        return folder

    ran("aaa", "first", 3)
    ran("aaa", "second", 4)
    ran("bbb-changed", "third", 5)
    Journal(repository / ".prove/aaa/seed-1/half.jsonl").note({"experiment": "half", "seed": 1, "known": 5})
    write_evidence(repository, ran("ccc", "first", 6), 1)
    now, earlier = (repository / "docs/evidence.md").read_text("utf-8").split("Not run again on this commit")
    assert "| first | 6 | 6 | 6 | 0 |" in now
    assert "| second | 4 | 4 | 4 | 0 |" in earlier
    assert "`aaa` |" in earlier
    assert not [name for name in ("first", "third", "half") if f"| {name} |" in earlier]


def test_the_evidence_says_that_an_experiment_was_interrupted(repository: Path):
    folder = repository / ".prove/state/seed-1"
    Journal(folder / "some.jsonl").note({"experiment": "some", "seed": 1, "known": 5})
    write_evidence(repository, folder, 1)
    assert "Interrupted: 5 cases are still to be run." in (repository / "docs/evidence.md").read_text("utf-8")


def test_the_state_of_the_tree_changes_with_every_file_but_not_with_the_evidence(repository: Path):
    states = [tree_state(repository)]
    (repository / "new.py").write_text("x = 1\n")
    states.append(tree_state(repository))
    (repository / ".gitignore").write_text(".prove/\n.cache/\n")
    states.append(tree_state(repository))
    assert len(set(states)) == 3
    (repository / "docs").mkdir()
    (repository / "docs/evidence.md").write_text("# Evidence\n")
    assert tree_state(repository) == states[-1]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Return a small project with an experiment, a plain test and one that is for full depth only."""
    pytester.makeini("[pytest]\nmarkers =\n    prove: full depth\n    system: needs a program\n")
    pytester.makeconftest('pytest_plugins = ["tests.prove"]')
    pytester.makepyfile(
        test_it="""
        import pytest

        def test_many(experiment, request):
            (request.config.rootpath / "left_by_a_test.txt").touch()  # the tree changes on the way
            experiment("many", range(30), lambda case: None, sample=4)

        def test_plain():
            pass

        @pytest.mark.prove
        def test_long():
            pass
        """
    )
    return pytester


def test_the_plain_command_runs_samples_and_leaves_nothing_behind(project: pytest.Pytester):
    project.runpytest_inprocess("-q").assert_outcomes(passed=2, deselected=1)
    assert not (project.path / ".prove").exists()
    assert not (project.path / "docs").exists()


def test_the_full_command_runs_experiments_only_and_writes_the_evidence(project: pytest.Pytester):
    run = project.runpytest_inprocess("-q", "--prove", "--seed", "7")
    run.assert_outcomes(passed=2, deselected=1)
    run.stdout.fnmatch_lines(["many: 30 of 30 cases hold, * s"])
    assert "| many | 30 | 30 | 30 | 0 |" in (project.path / "docs/evidence.md").read_text("utf-8")


def test_the_full_command_works_with_several_workers(
    project: pytest.Pytester, root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONPATH", str(root))
    run = project.runpytest_subprocess("-q", "--prove", "-n", "2", "-p", "no:cacheprovider")
    run.assert_outcomes(passed=2)
    assert "| many | 30 | 30 | 30 | 0 |" in (project.path / "docs/evidence.md").read_text("utf-8")


@pytest.mark.parametrize(("ci", "outcome"), [("", {"skipped": 1}), ("true", {"failed": 1})])
def test_a_system_test_skips_visibly_and_fails_in_continuous_integration(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: dict[str, int]
):
    monkeypatch.setenv("CI", ci)
    pytester.makeini("[pytest]\nmarkers =\n    system: needs a program\n    prove: full depth\n")
    pytester.makeconftest("from tests.conftest import pytest_runtest_makereport, system_program\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.system
        def test_it(system_program):
            system_program("a-program-that-nobody-has")
        """
    )
    run = pytester.runpytest_inprocess("-q", "-rs", "-p", "tests.prove")
    run.assert_outcomes(**outcome)
    run.stdout.fnmatch_lines(["*a-program-that-nobody-has is not installed*"])
