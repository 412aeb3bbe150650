-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name core.kpi_term,
  kind VIEW,
  description 'The measures in each numerator and denominator, and the inputs of statistics.',
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
    accepted_values(column := role, is_in := ('numerator', 'denominator', 'input')),
    terms_have_a_coefficient
  )
);

SELECT
  kpi,
  role,
  measure,
  CAST(coef AS DOUBLE) AS coef
FROM landing.kpi_term
