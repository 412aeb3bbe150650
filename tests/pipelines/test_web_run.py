# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A run started in the web interface: the same assets, and a failing check stops what depends on it there too.

`lagebild ui` is started as an operator starts it, in a process group of its own, and asked over HTTP as its pages do.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.pipelines.test_run import _swap_two_figures
from tests.sites import LAGEBILD, delivered, edit_workbook, release_of

_LAUNCH = """
mutation ($location: String!, $job: String!) {
  launchRun(executionParams: {
    selector: {repositoryLocationName: $location, repositoryName: "__repository__", jobName: $job}, mode: "default"
  }) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}"""
_RUN = """
query ($run: ID!) { runOrError(runId: $run) { ... on Run {
  status
  stepStats { stepKey status }
  assetMaterializations { assetKey { path } }
} } }"""
_ENDED = ("SUCCESS", "FAILURE", "CANCELED")


@contextlib.contextmanager
def web_server(site: Path) -> Iterator[str]:
    """`lagebild ui` on a site; yields its address and ends all its processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (site / "web.log").open("w") as log:
        server = subprocess.Popen(
            [LAGEBILD, "--site", site, "ui", "--port", str(port)], stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(lambda: _answers(f"http://127.0.0.1:{port}/server_info"), 90)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait(15)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _wait(done: Callable[[], Any], seconds: float) -> Any:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if result := done():
            return result
        time.sleep(0.5)
    raise AssertionError(f"not within {seconds} s")


def _ask(url: str, query: str, **variables: str) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        content = json.load(answer)
    assert "errors" not in content, content
    return content["data"]


def _run(url: str, location: str, job: str) -> dict[str, Any]:
    launched = _ask(url, _LAUNCH, location=location, job=job)["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched

    def ended() -> dict[str, Any] | None:
        run = _ask(url, _RUN, run=launched["run"]["runId"])["runOrError"]
        return run if run["status"] in _ENDED else None

    return _wait(ended, 180)


def test_a_run_from_the_web_interface_does_the_same_and_stops_at_a_failing_check(demo_copy: Callable[[], Path]):
    site = demo_copy()
    before = release_of(site)
    with web_server(site) as url:
        good = _run(url, "restricted", "inbox_to_door")
        made = {"/".join(m["assetKey"]["path"]) for m in good["assetMaterializations"]}
        assert good["status"] == "SUCCESS"
        assert {"snapshots", "checked__demo_stadt", "cells__population", "protected__public"} <= made

        edit_workbook(delivered(site, "d3_t34"), _swap_two_figures)
        stopped = _run(url, "restricted", "inbox_to_door")
        made = {"/".join(m["assetKey"]["path"]) for m in stopped["assetMaterializations"]}
        assert stopped["status"] == "FAILURE"
        assert "checked__demo_gvisys" in made
        assert not {name for name in made if name.startswith(("protected__", "cells__population"))}
    assert release_of(site) == before
