# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The words: closed lists, periods, dimensions, measures and the observation.

Belongs here: what a word means, once. Does not belong here: anything that reads a delivery or computes a sum.
"""
