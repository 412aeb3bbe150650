-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name marts.kpi_break,
  kind FULL,
  description 'Breaks: from which year the figures of a KPI are made differently, on which basis, and why.',
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
    unique_combination_of_columns(columns := (kpi, year, basis, reason_de)),
    break_of_a_kpi
  )
);

SELECT
  kpi,
  year,
  basis,
  reason_de,
  reason_en
FROM core.kpi_break
