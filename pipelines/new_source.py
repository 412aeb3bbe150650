# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""`source new`: from a file that no contract knows to a contract in the site.

Belongs here: asking, and writing what was answered. Does not belong here: what is proposed (`raw.proposal`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from pipelines.messages import Speaker
from raw.contract_files import load_source
from raw.contracts import ContractError
from raw.harvest.gate import Unreadable
from raw.proposal import NoTable, Question, as_text, files, profile, questions

Ask = Callable[[str, str | None], str]


class NotMade(ValueError):
    """No contract was written; `message` is a key of the messages, `values` belong to it."""

    def __init__(self, message: str, **values: str) -> None:
        super().__init__(message)
        self.message, self.values = message, values


def new_source(site: Path, file: Path, say: Speaker, given: Mapping[str, Any], ask: Ask | None) -> Path:
    """Write a contract for the file into the site and return its folder.

    `given` are answers by the key of the question (`columns:`, `signs:` and `totals:` as mappings); what is missing is
    asked, or without `ask` taken from the default. Raises NotMade, and leaves nothing behind then.
    """
    try:
        found = profile(file)
    except Unreadable as error:
        raise NotMade("refused", name=file.name, place=error.detail, reason=say(f"reason.{error.reason}")) from error
    except NoTable as error:
        raise NotMade("new_no_table", file=file.name) from error
    if found.lost_zeros:
        raise NotMade("new_lost_zeros", file=file.name)
    if found.decimal_points:
        raise NotMade("new_decimal_points", file=file.name)
    said = _flat(given)
    for question in questions(found, _name(file)):
        if question.key not in said:
            said[question.key] = _answer(question, say, ask)
    if not found.period:
        found.period = {"fixed": said["year"]}
    folder = site / "sources" / said["id"]
    if folder.exists():
        raise NotMade("new_exists", path=str(folder))
    folder.mkdir(parents=True)
    try:
        for name, content in files(found, said).items():
            (folder / f"{name}.yml").write_text(as_text(content), "utf-8")
        load_source(folder)
    except ContractError as error:
        shutil.rmtree(folder)
        raise NotMade("new_wrong", faults=str(error)) from error
    return folder


def _name(file: Path) -> str:
    plain = file.stem.lower().translate({ord(a): b for a, b in zip("äöüß", ("ae", "oe", "ue", "ss"), strict=True)})
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "eigene"


def _flat(given: Mapping[str, Any]) -> dict[str, str]:
    groups = {"columns": "column", "signs": "sign", "totals": "total"}
    result = {key: str(value) for key, value in given.items() if key not in groups}
    for group, prefix in groups.items():
        result |= {f"{prefix} {key}": str(value) for key, value in (given.get(group) or {}).items()}
    return result


def _answer(question: Question, say: Speaker, ask: Ask | None) -> str:
    offered = f" [{', '.join(question.choices)}]" if question.choices else ""
    text = say(question.text, about=question.about) + offered
    if ask is not None:
        return ask(text, question.default).strip()
    if question.default is None:
        raise NotMade("new_unanswered", about=question.key, text=text)
    return question.default


def read_answers(path: Path | None) -> dict[str, Any]:
    """Answers from a YAML file."""
    return yaml.safe_load(path.read_text("utf-8")) or {} if path else {}
