-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name marts.kpi_value__area_period,
  kind FULL,
  description 'The figures: one row per KPI, area and period, rounded as published.',
  grain (kpi, area, area_vintage, period, basis),
  column_descriptions (
    kpi = 'Id of the KPI, see mart kpi',
    area = 'Key of the area, leading zeros kept, see mart area',
    area_name = 'Name of the area in that vintage',
    area_level = 'Level of the area',
    area_vintage = 'Year of the territory',
    period = 'Period in SDMX form: 2023, 2023-Q2, 2023-06',
    freq = 'A annual, S half-yearly, Q quarterly, M monthly, W weekly, D daily',
    basis = 'Basis of the numerator: one series never mixes bases',
    value = 'Value in unit, rounded half away from zero to decimals; empty where obs_status is Q, M, L or O',
    unit = 'Unit of the value',
    obs_status = 'A normal, E estimated, P provisional, U low reliability, B break, M not meaningful, L not collected, O missing, Q withheld',
    conf_status = 'F free, C confidential (withheld)',
    decimals = 'Decimals of the value',
    sources = 'Sources of numerator and denominator, separated by ;, see mart source'
  ),
  audits (
    not_null(columns := (kpi, area, area_name, area_level, area_vintage, period, freq, basis, unit, obs_status, conf_status, decimals, sources)),
    unique_combination_of_columns(columns := (kpi, area, area_vintage, period, basis)),
    accepted_values(column := obs_status, is_in := ('A', 'E', 'P', 'U', 'B', 'M', 'L', 'O', 'Q')),
    withheld_has_no_value,
    withheld_is_confidential,
    value_is_finite,
    area_key_has_its_length,
    area_has_a_name,
    share_within_its_whole
  )
);

WITH source_pairs AS (
  SELECT DISTINCT
    numerator_sources,
    COALESCE(denominator_sources, numerator_sources) AS denominator_sources
  FROM kpi.kpi_value
), pair_sources AS (
  SELECT
    source_pairs.numerator_sources,
    source_pairs.denominator_sources,
    source_set.source
  FROM source_pairs
  INNER JOIN core.source_set AS source_set
    ON source_set.sources = source_pairs.numerator_sources
  UNION
  SELECT
    source_pairs.numerator_sources,
    source_pairs.denominator_sources,
    source_set.source
  FROM source_pairs
  INNER JOIN core.source_set AS source_set
    ON source_set.sources = source_pairs.denominator_sources
), joined_sources AS (
  SELECT
    numerator_sources,
    denominator_sources,
    STRING_AGG(source, ';' ORDER BY source) AS sources
  FROM pair_sources
  GROUP BY
    numerator_sources,
    denominator_sources
), scaled AS (
  /* The scaled value is formed from the parts and not from the quotient, so that an exact half is seen as a half. */
  SELECT
    kpi_value.kpi,
    kpi_value.area,
    COALESCE(area.name, kpi_value.area) AS area_name,
    kpi_value.area_level,
    kpi_value.area_vintage,
    kpi_value.period,
    kpi_value.freq,
    kpi_value.basis,
    CASE
      WHEN NOT kpi_value.value IS NULL
      THEN CAST(kpi.factor * POWER(CAST(10 AS DOUBLE), kpi.decimals) * kpi_value.numerator / kpi_value.denominator AS DOUBLE)
    END AS scaled_value,
    POWER(CAST(10 AS DOUBLE), kpi.decimals) AS scale,
    kpi.unit,
    kpi_value.obs_status,
    kpi_value.conf_status,
    kpi.decimals,
    joined_sources.sources
  FROM kpi.kpi_value AS kpi_value
  INNER JOIN core.kpi AS kpi
    ON kpi.kpi = kpi_value.kpi
  LEFT JOIN core.area AS area
    ON area.area = kpi_value.area AND area.area_vintage = kpi_value.area_vintage
  LEFT JOIN joined_sources
    ON joined_sources.numerator_sources = kpi_value.numerator_sources
    AND joined_sources.denominator_sources = COALESCE(kpi_value.denominator_sources, kpi_value.numerator_sources)
)
SELECT
  kpi,
  area,
  area_name,
  area_level,
  area_vintage,
  period,
  freq,
  basis,
  CASE
    WHEN scaled_value < 0 AND scaled_value <= CAST(-0.5 AS DOUBLE)
    THEN CAST(-FLOOR(-scaled_value + CAST(0.5 AS DOUBLE)) / scale AS DOUBLE)
    WHEN scaled_value >= CAST(0.5 AS DOUBLE)
    THEN CAST(FLOOR(scaled_value + CAST(0.5 AS DOUBLE)) / scale AS DOUBLE)
    WHEN NOT scaled_value IS NULL
    THEN CAST(0 AS DOUBLE)
  END AS value,
  unit,
  obs_status,
  conf_status,
  decimals,
  sources
FROM scaled
