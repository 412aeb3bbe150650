# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The cells of the product as one system of the engine, and back.

Belongs here: what a cell of the warehouse means to the engine (`patterns`, `areas`, `assembly`), what was published
before (`history`), and the pattern of a tier (`pattern`). Does not belong here: the engine (`model`, `solver`, `audit`)
and the files of the door (`quality.disclosure.door`).
"""
