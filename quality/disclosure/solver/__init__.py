# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Cell suppression: which further cells have to be withheld so that no unsafe one can be worked out.

Belongs here: the solver. Does not belong here: names of cells and rules (`model`), the audit of what it gives.
"""

from quality.disclosure.solver.blocks import Block
from quality.disclosure.solver.options import Options, Pattern, Unsafe
from quality.disclosure.solver.solve import solve

__all__ = ["Block", "Options", "Pattern", "Unsafe", "solve"]
