# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The independent audit of a pattern of withheld cells. `audit` is its door; a finding that is not `ok` is a refusal.

Belongs here: the intruder's problem and proofs about it. Does not belong here: anything of the solver.
"""

from quality.disclosure.audit.auditor import Limits, audit
from quality.disclosure.audit.findings import Findings, NotProved, Proof, certified

__all__ = ["Findings", "Limits", "NotProved", "Proof", "audit", "certified"]
