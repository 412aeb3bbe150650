# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The harvest: from a snapshot to observations, by contract.

Belongs here: grids, layout, values, mapping, faults, memo. Does not belong here: how one family lays out its
tables (`raw.families`), and whether the numbers are right (`quality.checks`).
"""
