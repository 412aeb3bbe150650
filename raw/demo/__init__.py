# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo: a synthetic Land whose offices deliver untidy files.

Belongs here: the model of the Land, the files of its offices, their contracts. Does not belong here:
anything that reads a delivery; no room of the product imports the demo but the command that sets up a demo
site.
"""

from raw.demo.generator import DemoSummary, generate

__all__ = ["DemoSummary", "generate"]
