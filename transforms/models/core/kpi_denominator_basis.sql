-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name core.kpi_denominator_basis,
  kind VIEW,
  description 'Bases that may lend a KPI its denominator where the basis of the numerator has none.',
  grain (kpi, basis),
  column_descriptions (
    kpi = 'Id of the KPI',
    basis = 'Basis that may lend the denominator',
    preference = 'Order of preference, 1 first'
  ),
  audits (
    not_null(columns := (kpi, basis, preference)),
    unique_combination_of_columns(columns := (kpi, basis)),
    unique_combination_of_columns(columns := (kpi, preference))
  )
);

SELECT
  kpi,
  basis,
  CAST(preference AS INT) AS preference
FROM landing.kpi_denominator_basis
