# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Dagster code location `restricted`: from the inbox to the door."""

from pipelines.definitions import restricted
from pipelines.settings import environment_site

defs = restricted(environment_site())
