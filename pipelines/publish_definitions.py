# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Dagster code location `publish`: from the door to the release."""

from pipelines.definitions import publish
from pipelines.settings import environment_site

defs = publish(environment_site())
