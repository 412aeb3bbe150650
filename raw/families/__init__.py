# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Layout families: how an agency lays out its tables, one module and one YAML per family.

Belongs here: finding a table by its text, its header paths, its leading columns, its data rows. Does not belong
here: what a column means (the contract) and what a value or symbol means (`raw.harvest`).
"""
