# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of cell suppression: withheld value, time, memory and failing cells, beside recorded reference figures."""
