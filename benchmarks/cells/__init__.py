# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""A nation to cells: ours against one hand-written query and against pandas. What must hold belongs in `tests/`."""
