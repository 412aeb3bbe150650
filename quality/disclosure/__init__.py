# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The door: which cells may be published, and the proof.

Belongs here: rules, suppression, audit, certificate. Does not belong here: forming cells, and dividing them.
"""
