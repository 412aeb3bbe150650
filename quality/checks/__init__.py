# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Checks on observations: schema with quarantine, and identities within one source.

Belongs here: what decides whether a delivery may be used. Does not belong here: reading it, or adding it up.
"""
