# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""How long the stations take, on the demo site. What must hold belongs in `tests/`, not here."""
