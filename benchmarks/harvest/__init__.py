# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""From bytes to grids and from bytes to observations, against hand-written pandas; see `__main__`."""
