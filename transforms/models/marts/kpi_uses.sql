-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name marts.kpi_uses,
  kind FULL,
  description 'Which KPI uses which measure, above or below the line, or as input of a statistic.',
  grain (kpi, role, measure),
  column_descriptions (
    kpi = 'Id of the KPI',
    role = 'numerator or denominator; input: what a statistic is made from before disclosure control',
    measure = 'Id of the measure; of an input also of a KPI',
    coef = 'Coefficient of the measure in the sum; empty for an input'
  ),
  audits (
    not_null(columns := (kpi, role, measure)),
    unique_combination_of_columns(columns := (kpi, role, measure)),
    terms_have_a_coefficient
  )
);

SELECT
  kpi,
  role,
  measure,
  coef
FROM core.kpi_term
