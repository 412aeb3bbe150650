# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The files of contracts: reading a source's folder, and joining product and site by id.

Belongs here: folders, YAML, and every fault of all files at once. Does not belong here: what a contract may say
(`raw.contracts`).

A site's folder with a `source.yml` is a source of its own and takes the place of a product's source of the same id.
Without one it adds to the product's source: tables, known violations, confirmations, explained differences.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from raw.contracts import (
    AreaList,
    Confirmation,
    ContractError,
    KnownViolation,
    Source,
    SourceContract,
    TableContract,
)
from raw.corrections import Correction
from raw.differences import Difference
from raw.other_tables import OtherTables

PRODUCT_SOURCES = Path(__file__).parent / "sources"
OTHER_FILES = (
    "source", "areas", "known_violations", "confirmations", "differences", "corrections", "other_tables",
)  # fmt: skip
"""Names of YAML files in a source's folder that are no tables."""

_VIOLATIONS = TypeAdapter(list[KnownViolation])
_CONFIRMATIONS = TypeAdapter(list[Confirmation])
_DIFFERENCES = TypeAdapter(list[Difference])
_CORRECTIONS = TypeAdapter(list[Correction])


class _UniqueKeys(yaml.CSafeLoader):
    """YAML in which a key that stands twice is a fault; plain YAML would forget the first in silence."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise yaml.constructor.ConstructorError(None, None, f"twice: {', '.join(twice)}", node.start_mark)
        return super().construct_mapping(node, deep)


@dataclass
class _Files:
    """What the files of one or two folders say, and what is wrong with them."""

    contract: SourceContract | None = None
    areas: AreaList | None = None
    tables: dict[str, TableContract] = field(default_factory=dict)
    others: dict[str, TableContract] = field(default_factory=dict)
    violations: list[KnownViolation] = field(default_factory=list)
    confirmations: list[Confirmation] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def read(self, folder: Path) -> None:
        """Add what a folder says; a later folder's table of the same id takes the place of the earlier one."""
        for path in sorted(folder.glob("*.yml")):
            try:
                self._read_file(path)
            except ContractError as error:
                self.faults.append(f"{folder.name}/{error}")
            except ValidationError as error:
                self.faults.extend(_faults(path, error))

    def _read_file(self, path: Path) -> None:
        data = _read(path)
        if path.stem == "source":
            self.contract = SourceContract.model_validate(data)
        elif path.stem == "areas":
            self.areas = AreaList.model_validate(data)
        elif path.stem == "known_violations":
            self.violations.extend(_VIOLATIONS.validate_python(data or []))
        elif path.stem == "confirmations":
            self.confirmations.extend(_CONFIRMATIONS.validate_python(data or []))
        elif path.stem == "other_tables":
            try:
                self.others |= OtherTables.model_validate(data).contracts()
            except ValueError as error:
                if isinstance(error, ValidationError):
                    raise
                raise ContractError("; ".join(f"{path.name}: {line}" for line in str(error).splitlines())) from error
        elif path.stem == "differences":
            self.differences.extend(_DIFFERENCES.validate_python(data or []))
        elif path.stem == "corrections":
            self.corrections.extend(_CORRECTIONS.validate_python(data or []))
        else:
            table = TableContract.model_validate(data)
            if table.id != path.stem:
                self.faults.append(f"{path.parent.name}/{path.name}: id is {table.id!r}, expected {path.stem!r}")
            self.tables[table.id] = table

    def source(self, name: str) -> Source:
        """The source that the files make. Raises ContractError with every fault."""
        if self.contract is None and not self.faults:
            self.faults.append(f"{name}: no source.yml")
        if self.contract and self.contract.id != name:
            self.faults.append(f"{name}/source.yml: id is {self.contract.id!r}, expected {name!r}")
        if not self.faults:
            own = {str(table.detect) for table in self.tables.values()}
            self.tables = {key: one for key, one in self.others.items() if str(one.detect) not in own} | self.tables
            self._confirm(name)
            for table in sorted({v.table for v in self.violations} - set(self.tables)):
                self.faults.append(f"{name}/known_violations.yml: there is no table {table!r}")
            for table in sorted({entry.table for entry in self.differences} - set(self.tables)):
                self.faults.append(f"{name}/differences.yml: there is no table {table!r}")
            for table in sorted({entry.match.table for entry in self.corrections} - set(self.tables)):
                self.faults.append(f"{name}/corrections.yml: there is no table {table!r}")
        if self.faults or self.contract is None:
            raise ContractError("\n".join(self.faults))
        return Source(
            contract=self.contract,
            tables=self.tables,
            areas=self.areas,
            violations=self.violations,
            differences=self.differences,
            corrections=self.corrections,
        )

    def _confirm(self, name: str) -> None:
        """Write confirmations into the rules of their columns."""
        for entry in self.confirmations:
            table = self.tables.get(entry.table)
            unknown = [column for column in entry.columns if table is None or column not in table.columns]
            if table is None or unknown:
                what = f"column {unknown[0]!r} in {entry.table}" if table else f"table {entry.table!r}"
                self.faults.append(f"{name}/confirmations.yml: there is no {what}")
                continue
            rules = {
                key: rule.model_copy(update={"confirmed": entry.confirmed}) if key in entry.columns else rule
                for key, rule in table.columns.items()
            }
            self.tables[entry.table] = table.model_copy(update={"columns": rules})


def _read(path: Path) -> Any:
    try:
        return yaml.load(path.read_text("utf-8"), _UniqueKeys)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{path.name}: not readable as YAML: {error}") from error


def _faults(path: Path, error: ValidationError) -> list[str]:
    return [
        f"{path.parent.name}/{path.name}: {'.'.join(str(part) for part in fault['loc']) or 'file'}: {fault['msg']}"
        for fault in error.errors(include_url=False)
    ]


def load_source(*folders: Path) -> Source:
    """Read a source from its folder and, after it, folders that add to it. Raises ContractError with every fault."""
    files = _Files()
    for folder in folders:
        files.read(folder)
    return files.source(folders[0].name)


def _folders(site_sources: Path | None) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for parent in (PRODUCT_SOURCES, *([site_sources] if site_sources else [])):
        for folder in sorted({path.parent for path in parent.glob("*/*.yml")}):
            own = (folder / "source.yml").exists()
            found[folder.name] = [folder] if own else [*found.get(folder.name, []), folder]
    return found


def load_sources(site_sources: Path | None = None, active: Iterable[str] | None = None) -> dict[str, Source]:
    """All sources of the product and of the site, joined by id.

    `active` names the sources to load (None: all). Raises ContractError with the faults of all sources together.
    """
    folders = _folders(site_sources)
    wanted = sorted(folders) if active is None else sorted(active)
    faults = [f"{name}: no such source; known: {', '.join(sorted(folders))}" for name in wanted if name not in folders]
    sources: dict[str, Source] = {}
    for name in wanted:
        if name in folders:
            try:
                sources[name] = source = load_source(*folders[name])
                if source.contract.areas and source.areas is None:
                    faults.append(f"{name}/source.yml: names {source.contract.areas.list_}, which is not there")
            except ContractError as error:
                faults.append(str(error))
    if faults:
        raise ContractError("\n".join(faults))
    return sources
