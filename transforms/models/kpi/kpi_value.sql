-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name kpi.kpi_value,
  kind FULL,
  description 'All divisions: factor * numerator / denominator per area and period, with the status that follows from both.',
  grain (kpi, area, area_vintage, period, basis),
  column_descriptions (
    kpi = 'Id of the KPI',
    area = 'Key of the area, leading zeros kept',
    area_level = 'Level of the area',
    area_vintage = 'Year of the territory',
    period = 'Period in SDMX form',
    freq = 'A annual, S half-yearly, Q quarterly, M monthly, W weekly, D daily',
    basis = 'Basis of the numerator',
    denominator_basis = 'Basis of the denominator; empty for a count, a statistic, and where there is none',
    numerator = 'Value of the numerator, in the unit of its measures; of a statistic in the unit of the KPI',
    denominator = 'Value of the denominator, in the unit of its measures; 1 for a count or a statistic',
    value = 'Value in the unit of the KPI, not rounded',
    obs_status = 'Q a part is withheld, O or L a part is missing, M not meaningful (denominator zero or too small, a change over a break), U small denominator, B first period after a break, else of the parts: U, B, E, P, A',
    conf_status = 'C where withheld, else F',
    numerator_sources = 'Sources of the numerator',
    denominator_sources = 'Sources of the denominator'
  ),
  audits (
    not_null(columns := (kpi, area, area_level, area_vintage, period, freq, basis, obs_status, conf_status, numerator_sources)),
    unique_combination_of_columns(columns := (kpi, area, area_vintage, period, basis)),
    accepted_values(column := obs_status, is_in := ('A', 'E', 'P', 'U', 'B', 'M', 'L', 'O', 'Q')),
    withheld_has_no_value,
    withheld_is_confidential,
    value_is_finite,
    area_key_has_its_length
  )
);

WITH numerators AS (
  SELECT
    kpi.kpi,
    kpi.denominator AS denominator_measure,
    kpi.factor,
    kpi.min_denominator,
    kpi.low_denominator,
    cell.area,
    cell.area_level,
    cell.area_vintage,
    cell.period,
    cell.freq,
    cell.basis,
    cell.value,
    cell.obs_status,
    cell.sources
  FROM core.kpi AS kpi
  INNER JOIN core.protected_cell AS cell
    ON cell.measure = kpi.numerator
    AND CONCAT(';', kpi.frequencies, ';') LIKE CONCAT('%;', cell.freq, ';%')
), usable_denominators AS (
  /* The numerator's own basis comes first. A cell that is only a gap does not count as available; a withheld one does. */
  SELECT
    numerators.kpi,
    numerators.area,
    numerators.area_vintage,
    numerators.period,
    numerators.basis,
    cell.basis AS denominator_basis,
    cell.value,
    cell.obs_status,
    cell.sources,
    ROW_NUMBER() OVER (
      PARTITION BY numerators.kpi, numerators.area, numerators.area_vintage, numerators.period, numerators.basis
      ORDER BY CASE WHEN cell.basis = numerators.basis THEN 0 ELSE allowed.preference END
    ) AS choice
  FROM numerators
  INNER JOIN core.protected_cell AS cell
    ON cell.measure = numerators.denominator_measure
    AND cell.area = numerators.area
    AND cell.area_vintage = numerators.area_vintage
    AND cell.period = numerators.period
  LEFT JOIN core.kpi_denominator_basis AS allowed
    ON allowed.kpi = numerators.kpi AND allowed.basis = cell.basis
  WHERE
    NOT cell.obs_status IN ('O', 'L')
    AND (
      cell.basis = numerators.basis OR NOT allowed.preference IS NULL
    )
), quotients AS (
  SELECT
    numerators.kpi,
    numerators.area,
    numerators.area_level,
    numerators.area_vintage,
    numerators.period,
    numerators.freq,
    CAST(SUBSTRING(numerators.period, 1, 4) AS INT) AS year,
    numerators.basis,
    numerators.factor,
    numerators.min_denominator,
    numerators.low_denominator,
    numerators.value AS numerator,
    numerators.obs_status AS numerator_status,
    numerators.sources AS numerator_sources,
    chosen.denominator_basis,
    CASE WHEN numerators.denominator_measure IS NULL THEN CAST(1 AS DOUBLE) ELSE chosen.value END AS denominator,
    CASE
      WHEN numerators.denominator_measure IS NULL
      THEN 'A'
      ELSE COALESCE(chosen.obs_status, 'O')
    END AS denominator_status,
    chosen.sources AS denominator_sources
  FROM numerators
  LEFT JOIN usable_denominators AS chosen
    ON chosen.kpi = numerators.kpi
    AND chosen.area = numerators.area
    AND chosen.area_vintage = numerators.area_vintage
    AND chosen.period = numerators.period
    AND chosen.basis = numerators.basis
    AND chosen.choice = 1
), series AS (
  /* Breaks are looked up once per series and year, not once per figure. */
  SELECT
    kpi,
    basis,
    denominator_basis,
    freq,
    year,
    MIN(period) AS first_period
  FROM quotients
  GROUP BY
    kpi,
    basis,
    denominator_basis,
    freq,
    year
), broken AS (
  /* A change has no value over a break; anything else is marked where a side begins to be made differently. */
  SELECT
    series.kpi,
    series.basis,
    COALESCE(series.denominator_basis, '') AS denominator_basis,
    series.freq,
    series.year,
    CASE WHEN series.freq <> 'A' THEN series.first_period END AS first_period,
    MAX(
      CASE
        WHEN kpi.look_back > 0
        AND NOT kpi.comparable_across_breaks
        AND series.year BETWEEN kpi_break.year AND kpi_break.year + kpi.look_back - 1
        AND COALESCE(kpi_break.basis, series.basis) = series.basis
        THEN 1
        ELSE 0
      END
    ) AS changes_over,
    MAX(
      CASE
        WHEN kpi_break.basis IS NULL AND series.year = kpi_break.year
        THEN 1
        WHEN kpi_break.basis = series.basis
        AND series.year BETWEEN kpi_break.year AND kpi_break.year + kpi.numerator_reach
        THEN 1
        WHEN kpi_break.basis = series.denominator_basis
        AND series.year BETWEEN kpi_break.year AND kpi_break.year + kpi.denominator_reach
        THEN 1
        ELSE 0
      END
    ) AS begins_anew
  FROM series
  INNER JOIN core.kpi AS kpi
    ON kpi.kpi = series.kpi
  INNER JOIN core.kpi_break AS kpi_break
    ON kpi_break.kpi = series.kpi
  GROUP BY
    series.kpi,
    series.basis,
    series.denominator_basis,
    series.freq,
    series.year,
    series.first_period
), beside_breaks AS (
  SELECT
    quotients.kpi,
    quotients.area,
    quotients.area_level,
    quotients.area_vintage,
    quotients.period,
    quotients.freq,
    quotients.basis,
    quotients.denominator_basis,
    quotients.factor,
    quotients.min_denominator,
    quotients.low_denominator,
    quotients.numerator,
    quotients.numerator_status,
    quotients.numerator_sources,
    quotients.denominator,
    quotients.denominator_status,
    quotients.denominator_sources,
    COALESCE(broken.changes_over, 0) AS changes_over,
    CASE
      WHEN quotients.period = COALESCE(broken.first_period, quotients.period)
      THEN COALESCE(broken.begins_anew, 0)
      ELSE 0
    END AS begins_anew
  FROM quotients
  LEFT JOIN broken
    ON broken.kpi = quotients.kpi
    AND broken.basis = quotients.basis
    AND broken.denominator_basis = COALESCE(quotients.denominator_basis, '')
    AND broken.freq = quotients.freq
    AND broken.year = quotients.year
), judged AS (
  /* Withheld wins over everything, so that no other status gives away that a part was withheld or what size it had. */
  SELECT
    kpi,
    area,
    area_level,
    area_vintage,
    period,
    freq,
    basis,
    denominator_basis,
    factor,
    numerator,
    denominator,
    numerator_sources,
    denominator_sources,
    CASE
      WHEN 'Q' IN (numerator_status, denominator_status)
      THEN 'Q'
      WHEN 'O' IN (numerator_status, denominator_status)
      THEN 'O'
      WHEN numerator_status = 'L'
      THEN 'L'
      WHEN 'M' IN (numerator_status, denominator_status)
      THEN 'M'
      WHEN denominator = 0 OR denominator < min_denominator
      THEN 'M'
      WHEN changes_over = 1
      THEN 'M'
      WHEN 'U' IN (numerator_status, denominator_status) OR denominator < low_denominator
      THEN 'U'
      WHEN 'B' IN (numerator_status, denominator_status) OR begins_anew = 1
      THEN 'B'
      WHEN 'E' IN (numerator_status, denominator_status)
      THEN 'E'
      WHEN 'P' IN (numerator_status, denominator_status)
      THEN 'P'
      ELSE 'A'
    END AS obs_status
  FROM beside_breaks
)
SELECT
  kpi,
  area,
  area_level,
  area_vintage,
  period,
  freq,
  basis,
  denominator_basis,
  numerator,
  denominator,
  CASE
    WHEN NOT obs_status IN ('Q', 'O', 'L', 'M')
    THEN CAST(factor * numerator / denominator AS DOUBLE)
  END AS value,
  obs_status,
  CASE WHEN obs_status = 'Q' THEN 'C' ELSE 'F' END AS conf_status,
  numerator_sources,
  denominator_sources
FROM judged
