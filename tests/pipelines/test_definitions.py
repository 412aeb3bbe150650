# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The two code locations load anywhere, fast, and hold the stations in their order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipelines import publish_definitions, restricted_definitions

_LOAD = """
import json, sys, time
started = time.perf_counter()
import importlib
defs = importlib.import_module(sys.argv[1]).defs
keys = [key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()]
slow = [name for name in ("sqlmesh", "great_expectations", "pandera") if name in sys.modules]
print(json.dumps({"keys": keys, "slow": slow, "seconds": time.perf_counter() - started}))
"""


@pytest.mark.parametrize("location", ["pipelines.restricted_definitions", "pipelines.publish_definitions"])
def test_a_location_loads_in_under_five_seconds_with_no_environment_set(location: str, tmp_path: Path, root: Path):
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _LOAD, location], cwd=tmp_path, env=bare, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    assert loaded["slow"] == []
    assert loaded["seconds"] < 5
    assert len(loaded["keys"]) > 15


def test_the_workspace_names_both_zones(root: Path):
    workspace = yaml.safe_load((root / "workspace.yaml").read_text("utf-8"))
    modules = {
        entry["python_module"]["location_name"]: entry["python_module"]["module_name"]
        for entry in workspace["load_from"]
    }
    assert modules == {
        "restricted": restricted_definitions.__name__,
        "publish": publish_definitions.__name__,
    }


def test_the_stations_stand_in_the_order_of_the_house():
    graph = restricted_definitions.defs.resolve_asset_graph()
    parents = {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert parents["snapshots"] == set()
    assert parents["observations__kiss_md"] == {"snapshots"}
    assert parents["checked__kiss_md"] == {"observations__kiss_md", "areas"}
    assert {"checked__kiss_md", "checked__gv_isys"} <= parents["cells__population"]
    assert parents["protected__public"] == {name for name in parents if name.startswith("cells__")}


def test_the_release_hangs_on_every_mart_and_every_mart_on_the_door():
    graph = publish_definitions.defs.resolve_asset_graph()
    by_name = {key.to_user_string(): key for key in graph.get_all_asset_keys()}
    marts = {name for name in by_name if "/marts/" in name}
    assert {parent.to_user_string() for parent in graph.get(by_name["release"]).parent_keys} == marts
    upstream, waiting = set(), [by_name[name] for name in marts]
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys:
            if parent not in upstream:
                upstream.add(parent)
                waiting.append(parent)
    assert {"protected__internal", "protected__public"} <= {key.to_user_string() for key in upstream}


def test_checks_before_and_behind_the_door_block():
    restricted = restricted_definitions.defs.resolve_asset_graph()
    blocking = {
        (key.asset_key.to_user_string(), key.name)
        for key in restricted.asset_check_keys
        if restricted.get_check_spec(key).blocking
    }
    assert {
        ("checked__kiss_md", "schema"),
        ("checked__kiss_md", "identities"),
        ("protected__public", "door_audit"),
    } <= blocking
    publish = publish_definitions.defs.resolve_asset_graph()
    assert sum(publish.get_check_spec(key).blocking for key in publish.asset_check_keys) > 50
