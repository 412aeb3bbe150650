# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The KPI catalogue: which measures a KPI divides, its unit, rule and decimals, and the checking loader.

Imports `raw` only, so that the stations before the door can ask which cells the KPIs will need.
"""

from transforms.catalogue.catalogue import (
    LOW_DENOMINATOR,
    PRODUCT_DIR,
    Catalogue,
    CatalogueError,
    Kpi,
    Terms,
    Text,
    canonical_text,
    load,
    parse_expression,
)

__all__ = [
    "LOW_DENOMINATOR",
    "PRODUCT_DIR",
    "Catalogue",
    "CatalogueError",
    "Kpi",
    "Terms",
    "Text",
    "canonical_text",
    "load",
    "parse_expression",
]
