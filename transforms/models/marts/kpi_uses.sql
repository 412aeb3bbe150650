-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name marts.kpi_uses,
  kind FULL,
  description 'Which KPI uses which measure, above or below the line.',
  grain (kpi, role, measure),
  column_descriptions (
    kpi = 'Id of the KPI',
    role = 'numerator or denominator',
    measure = 'Id of the measure',
    coef = 'Coefficient of the measure in the sum'
  ),
  audits (
    not_null(columns := (kpi, role, measure, coef)),
    unique_combination_of_columns(columns := (kpi, role, measure))
  )
);

SELECT
  kpi,
  role,
  measure,
  coef
FROM core.kpi_term
