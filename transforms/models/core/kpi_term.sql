-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name core.kpi_term,
  kind VIEW,
  description 'The measures in each numerator and denominator.',
  grain (kpi, role, measure),
  column_descriptions (
    kpi = 'Id of the KPI',
    role = 'numerator or denominator',
    measure = 'Id of the measure',
    coef = 'Coefficient of the measure in the sum'
  ),
  audits (
    not_null(columns := (kpi, role, measure, coef)),
    unique_combination_of_columns(columns := (kpi, role, measure)),
    accepted_values(column := role, is_in := ('numerator', 'denominator'))
  )
);

SELECT
  kpi,
  role,
  measure,
  CAST(coef AS DOUBLE) AS coef
FROM landing.kpi_term
