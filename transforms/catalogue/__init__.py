# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The KPI catalogue: which measures a KPI divides, its unit, rule and decimals, and the loader that checks it.

Imports `raw` only, so that the stations before the door can ask which cells the KPIs will need.
"""
