-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name core.kpi_break,
  kind VIEW,
  description 'The years in which the figures of a KPI begin to be made differently.',
  grain (kpi, year, basis, reason_de),
  column_descriptions (
    kpi = 'Id of the KPI',
    year = 'First year of the figures that are made differently',
    basis = 'The only basis that the break is on; empty: on every basis',
    reason_de = 'What changed, German',
    reason_en = 'What changed, English'
  ),
  audits (
    not_null(columns := (kpi, year, reason_de, reason_en)),
    unique_combination_of_columns(columns := (kpi, year, basis, reason_de))
  )
);

SELECT
  kpi,
  CAST(year AS INT) AS year,
  basis,
  reason_de,
  reason_en
FROM landing.kpi_break
