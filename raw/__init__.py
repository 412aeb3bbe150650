# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""What comes in: closed vocabularies, source contracts, the lake, the readers that turn a file into observations.

Nothing is judged, summed or divided here, and nothing is imported from another room.
"""
