-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name marts.coverage__kpi_level_period,
  kind FULL,
  description 'How complete the figures are: areas with and without a value.',
  grain (kpi, area_level, period, freq, basis),
  column_descriptions (
    kpi = 'Id of the KPI',
    area_level = 'Level of the areas',
    period = 'Period in SDMX form',
    freq = 'A annual, S half-yearly, Q quarterly, M monthly, W weekly, D daily',
    basis = 'Basis of the numerator',
    areas = 'Areas for which the numerator was delivered',
    published = 'Areas with a value',
    withheld = 'Areas whose value is withheld (Q)',
    missing = 'Areas of which a part is missing or not collected (O, L)',
    not_meaningful = 'Areas without a meaningful value (M)'
  ),
  audits (
    not_null(columns := (kpi, area_level, period, freq, basis, areas, published, withheld, missing, not_meaningful)),
    unique_combination_of_columns(columns := (kpi, area_level, period, freq, basis))
  )
);

SELECT
  kpi,
  area_level,
  period,
  freq,
  basis,
  CAST(COUNT(*) AS BIGINT) AS areas,
  CAST(COUNT(value) AS BIGINT) AS published,
  CAST(SUM(CASE WHEN obs_status = 'Q' THEN 1 ELSE 0 END) AS BIGINT) AS withheld,
  CAST(SUM(CASE WHEN obs_status IN ('O', 'L') THEN 1 ELSE 0 END) AS BIGINT) AS missing,
  CAST(SUM(CASE WHEN obs_status = 'M' THEN 1 ELSE 0 END) AS BIGINT) AS not_meaningful
FROM kpi.kpi_value
GROUP BY
  kpi,
  area_level,
  period,
  freq,
  basis
