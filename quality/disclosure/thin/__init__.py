# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The thin door: whole slices are withheld, until the engine beside it takes the product over (decision 0005).

Belongs here: its three steps and nothing new. Does not belong here: the engine (`model`, `solver`, `audit`).
"""
