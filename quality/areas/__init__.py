# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Areas: keys, names, levels, parents and vintages, from reference sources.

Belongs here: the area table. Does not belong here: figures about areas.
"""
