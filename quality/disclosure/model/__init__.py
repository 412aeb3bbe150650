# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Everything that is or was published as one linear system of cells.

Belongs here: the system, and how tables, hierarchies, earlier releases and rates become one. Does not belong here: what
is withheld (`quality.disclosure.solver`), and whether that is safe (`quality.disclosure.audit`).
"""
