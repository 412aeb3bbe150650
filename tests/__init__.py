# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The tests, one folder per room of the house; what several of them need stands in `conftest.py`."""
