# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Cells: everything that adds. Every numerator and denominator, with the linear relation that made it.

Belongs here: sums over dimensions, areas and periods, and combinations. Does not belong here: divisions
(`transforms`), and what may be published (`quality.disclosure`).
"""
