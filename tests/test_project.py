# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The project keeps its own rules: tools, lock, licences, description, and a README that tells the truth."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from raw.demo import generate

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

TOOLS = {
    "ruff-check": "ruff check --quiet .",
    "ruff-format": "ruff format --check --quiet .",
    "types": "mypy --no-error-summary",
    "imports": "lint-imports --no-logo",
    "licences": "reuse lint --lines",
}

# Each command of the README that no test here runs, and the test that shows that it works.
README_COMMANDS_TESTED_ELSEWHERE = {
    "git clone https://lagebild.example/lagebild.git": "tests/test_project.py::test_a_clone_sets_itself_up",
    "cd lagebild": "tests/test_project.py::test_a_clone_sets_itself_up",
    "make run": "tests/test_project.py::test_the_demo_runs",
    "make test": "tests/test_project.py::test_each_target_runs_what_it_says",
    "make ui": "tests/test_project.py::test_each_target_runs_what_it_says",
}


def lines_of(command: str, cwd: Path = ROOT, **environment: str) -> tuple[int, str]:
    """Run a command without a shell and return its exit code and all that it said."""
    words = shlex.split(command)
    found = BIN / words[0]
    done = subprocess.run(
        [str(found) if found.exists() else words[0], *words[1:]],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1", **environment},
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def files_of_the_project() -> list[Path]:
    """Return every file that is tracked or waiting to be added."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("tool", TOOLS)
def test_tool_finds_nothing(tool: str):
    code, said = lines_of(TOOLS[tool])
    if code:
        pytest.fail(f"{TOOLS[tool]}\n{said}", pytrace=False)


# --- what no file may hold ---

ELSEWHERE = re.compile(
    r"(?<![\w.~-])/(?:work|root|farm|home/\w+|Users/\w+)/"
    r"|(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)(?!-)",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    ("line", "names_a_place"),
    [
        ("open('/ro" + "ot/data.csv')", True),
        ("index-url = https://py" + "pi.org/simple", True),
        ("see docs/work/plan.md and ~/work/x", False),
        ("apt-get install python3-venv", False),
    ],
)
def test_the_search_for_places_knows_one(line: str, names_a_place: bool):
    assert bool(ELSEWHERE.search(line)) is names_a_place


def test_no_file_names_a_registry_or_a_place_on_one_machine():
    found = []
    for path in files_of_the_project():
        content = path.read_bytes()
        if b"\0" in content[:8000]:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            if match := ELSEWHERE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match[0]}")
    assert not found, "\n".join(found)


def test_no_real_delivery_lies_in_the_repository(shared_data: Path):
    provenance = shared_data / "data" / "provenance.csv"
    if not provenance.exists():
        pytest.skip("the real deliveries come without provenance.csv")
    known = set(re.findall(r"\b[0-9a-f]{64}\b", provenance.read_text("utf-8")))
    copied = [path for path in files_of_the_project() if hashlib.sha256(path.read_bytes()).hexdigest() in known]
    assert not copied


# --- the lock ---


def locked() -> dict[str, list[tuple[str, int]]]:
    """Return for each package of the lock its versions, each with the number of its hashes."""
    packages: dict[str, list[tuple[str, int]]] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "requirements.lock").read_text("utf-8")):
        requirement = Requirement(entry.split("\\")[0].strip())
        version = str(requirement.specifier).removeprefix("==")
        packages.setdefault(canonicalize_name(requirement.name), []).append((version, entry.count("--hash=sha256:")))
    return packages


def test_the_lock_pins_every_package_with_its_hashes():
    lock = locked()
    assert len(lock) > 100
    loose = [name for name, versions in lock.items() if not all(version and hashes for version, hashes in versions)]
    assert not loose
    assert "--hash=sha256:" in (ROOT / ".ci/uv.lock").read_text("utf-8")


def test_the_lock_is_in_step_with_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lock = locked()
    wanted = [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["dev"]]
    outdated = [
        str(one)
        for one in wanted
        if not any(one.specifier.contains(version) for version, _ in lock.get(canonicalize_name(one.name), []))
    ]
    assert not outdated, f"run `make lock`: {outdated}"


# --- the description for catalogues ---

PUBLICCODE_KEYS = {
    "publiccodeYmlVersion": str,
    "name": str,
    "url": str,
    "platforms": list,
    "developmentStatus": {"concept", "development", "beta", "stable", "obsolete"},
    "softwareType": {"standalone/backend", "standalone/other", "library", "addon"},
    "description": dict,
    "legal.license": {"Apache-2.0"},
    "maintenance.type": {"internal", "contract", "community", "none"},
    "maintenance.contacts": list,
    "localisation.localisationReady": bool,
    "localisation.availableLanguages": list,
}


def test_publiccode_has_its_mandatory_keys():
    content = yaml.safe_load((ROOT / "publiccode.yml").read_text("utf-8"))
    for key, wanted in PUBLICCODE_KEYS.items():
        value = content
        for step in key.split("."):
            value = value[step]
        assert value in wanted if isinstance(wanted, set) else isinstance(value, wanted), key
        assert value != "", key
    for language in ("de", "en"):
        text = content["description"][language]
        assert 0 < len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10000
        assert text["features"]
    assert re.fullmatch(r"https://\S+", content["url"])
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert content["softwareVersion"] == version


# --- the README ---


def readme_commands() -> list[str]:
    """Return the commands of the README's `sh` blocks, one per line, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    lines = (line.split("  #")[0].strip() for block in blocks for line in block.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def test_every_command_of_the_readme_is_run_or_tested():
    commands = readme_commands()
    assert commands
    unknown = [
        line
        for line in commands
        if line not in README_COMMANDS_TESTED_ELSEWHERE and not line.startswith((".venv/bin/lagebild ", "cp "))
    ]
    assert not unknown
    left_over = set(README_COMMANDS_TESTED_ELSEWHERE) - set(commands)
    assert not left_over


def test_the_tests_that_stand_for_readme_commands_exist():
    for where in README_COMMANDS_TESTED_ELSEWHERE.values():
        file, _, name = where.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE), where


def test_the_demo_runs(finished_demo: Path):
    marts = finished_demo / "warehouse" / "releases" / "latest" / "public" / "marts"
    assert list(marts.glob("*.parquet"))
    assert list(marts.glob("*.csv"))


def test_the_readme_leads_from_an_empty_folder_to_a_site(finished_demo: Path, tmp_path: Path):
    folder = tmp_path / "lagebild"
    folder.mkdir()
    (folder / ".venv").symlink_to(BIN.parent)
    (folder / "demo-site").symlink_to(finished_demo)
    (folder / "docs").symlink_to(ROOT / "docs")
    for line in readme_commands():
        if line.startswith("cp "):
            # The deliveries of the demo stand in for those of a reader, with their contracts.
            site = (folder / shlex.split(line)[-1]).resolve().parent
            sources = generate(site).sources
            (site / "site.yml").write_text(f"sources: [{', '.join(sources)}]\n", "utf-8")
        elif line.startswith(".venv/bin/lagebild "):
            code, said = lines_of(line, folder)
            assert code == 0, f"{line}\n{said}"


def test_each_target_runs_what_it_says():
    for target, part in {
        "run": "lagebild demo --site demo-site",
        "ui": "lagebild --site demo-site ui",
        "test": 'pytest -m "not system"',
        "prove": "pytest --prove",
        "test-system": "pytest -m system",
    }.items():
        code, said = lines_of(f"make --dry-run {target}")
        assert code == 0, said
        assert part in said, target


def test_a_clone_sets_itself_up(tmp_path: Path):
    clone = tmp_path / "lagebild"
    code, said = lines_of(f"git clone --quiet {ROOT} {clone}", tmp_path)
    assert code == 0, said
    code, said = lines_of("make --dry-run run", clone, VIRTUAL_ENV="/nowhere")
    assert code == 0, said
    steps = [
        "-m venv .venv",
        "--require-hashes -r .ci/uv.lock",
        "--require-hashes -r requirements.lock",
        "lagebild demo",
    ]
    places = [said.index(step) for step in steps]
    assert places == sorted(places)


@pytest.mark.system
@pytest.mark.parametrize("program", ["chromium"])
def test_the_programs_of_the_system_tests_start(system_program, program: str):
    code, said = lines_of(f"{system_program(program)} --version")
    assert code == 0, said
    assert re.search(r"\d+\.\d+", said)
