# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""What may pass: contract checks, identities, quarantine, areas, cells and the disclosure door.

Everything that adds happens here. Nothing divides, and nothing here knows how a run is scheduled or stored.
"""
