# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The stations as Dagster assets and checks, and their resources.

Thin wiring: each function calls one station below and reports its counts. No logic, no settings, no values in metadata.
"""
