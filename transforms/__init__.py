# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""What is computed behind the door: the SQLMesh project and the KPI catalogue.

Every division happens here. No unprotected value is ever read here; SQL comes first, Python only where
SQL cannot.
"""
