# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Statistics that need unprotected vectors: computed before the door, passed through it as values.

Belongs here: demographic and index methods as pure functions, each with its source. Does not belong here: sums
(`quality.cells.steps`), divisions that SQL does behind the door, and which areas may show a figure (the door's rules).

`frames` takes and gives long frames and is what the stations use. The methods work on arrays, vectorised over all
areas and periods: `fertility`, `mortality`, `age_structure`, `segregation`, `indices`, `rates`, `smoothing`.
`docs/methods.md` explains each to its readers.
"""
