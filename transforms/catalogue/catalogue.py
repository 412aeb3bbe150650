# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The loader of the KPI catalogue: joins the product's `kpis/<domain>.yml` with what a site adds, and checks it all.

Here belong reading, merging and the list of all faults. Not here: what an entry may say (`model`), what must fit
together (`checks`), what a measure is (`raw/vocabulary`), and which figure may be published (`quality/disclosure`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from transforms.catalogue.checks import check
from transforms.catalogue.model import (
    LOW_DENOMINATOR,
    Catalogue,
    Kpi,
    Terms,
    Text,
    canonical_text,
    parse_expression,
)

__all__ = [
    "LOW_DENOMINATOR", "PRODUCT_DIR", "Catalogue", "CatalogueError", "Kpi", "Terms", "Text",
    "canonical_text", "load", "parse_expression",
]  # fmt: skip
PRODUCT_DIR = Path(__file__).parent


class CatalogueError(ValueError):
    """Everything that is wrong with the catalogue at once; `faults` holds one sentence per fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def load(product_dir: Path = PRODUCT_DIR, site_kpis_dir: Path | None = None) -> Catalogue:
    """Load the product's `kpis/<domain>.yml` and merge the site's `*.yml` (same format) by id.

    A site entry with a new id adds a KPI. `extends: <id>` takes everything from that entry except the fields
    given: with its own id it overrides single fields, with another id it makes a variant. An entry that
    repeats an existing id without `extends` is a fault, because it would replace a definition in silence.
    Raises CatalogueError with all faults.
    """
    faults: list[str] = []
    entries: dict[str, dict[str, Any]] = {}
    for path in sorted((product_dir / "kpis").glob("*.yml")):
        for kpi, entry in _entries(path, faults).items():
            if kpi in entries:
                faults.append(f"{path.name}: KPI {kpi} stands in another file too")
            if entry.setdefault("domain", path.stem) != path.stem:
                faults.append(f"{path.name}: KPI {kpi} belongs to the domain {entry['domain']}")
            entries[kpi] = entry
    for path in sorted(site_kpis_dir.glob("*.yml")) if site_kpis_dir else []:
        for kpi, entry in _entries(path, faults).items():
            _merge(entries, kpi, entry, path, faults)
    kpis: dict[str, Kpi] = {}
    for kpi in sorted(entries):
        try:
            kpis[kpi] = Kpi.model_validate({"id": kpi, **entries[kpi]})
        except ValidationError as error:
            faults += [f"KPI {kpi}, {_place(fault)}: {fault['msg']}" for fault in error.errors()]
    faults += check(kpis, set(entries))
    if faults:
        raise CatalogueError(faults)
    return Catalogue(kpis)


def _place(fault: Mapping[str, Any]) -> str:
    return ".".join(str(step) for step in fault["loc"]) or "entry"


def _merge(entries: dict[str, dict[str, Any]], kpi: str, entry: dict[str, Any], path: Path, faults: list[str]) -> None:
    base = entry.pop("extends", None)
    if base is None and kpi in entries:
        faults.append(f"{path.name}: KPI {kpi} exists already; to change single fields write `extends: {kpi}`")
    elif base is not None and base not in entries:
        faults.append(f"{path.name}: KPI {kpi} extends {base}, which does not exist")
    elif base is None:
        entries[kpi] = entry
    elif kpi in entries and base != kpi:
        faults.append(f"{path.name}: KPI {kpi} exists already and cannot be made from {base}")
    else:
        entries[kpi] = _overridden(entries[base], entry)


def _overridden(base: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for field, value in entry.items():
        both_mappings = isinstance(value, dict) and isinstance(merged.get(field), dict)
        merged[field] = {**merged[field], **value} if both_mappings else value
    return merged


class _UniqueKeys(yaml.CSafeLoader):
    """YAML in which a key written twice is an error instead of the last one winning."""


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = sorted({str(key) for key in keys if keys.count(key) > 1})
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"written twice: {', '.join(twice)}", node.start_mark)
    return loader.construct_mapping(node, deep=True)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _entries(path: Path, faults: list[str]) -> dict[str, dict[str, Any]]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys) or {}
    except (OSError, yaml.YAMLError) as error:
        faults.append(f"{path.name}: cannot be read: {error}")
        return {}
    if not isinstance(content, dict) or not all(isinstance(entry, dict) for entry in content.values()):
        faults.append(f"{path.name}: expected `<kpi id>: {{fields}}`")
        return {}
    return content
