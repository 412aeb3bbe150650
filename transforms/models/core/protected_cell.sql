-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name core.protected_cell,
  kind VIEW,
  description 'Cells that passed the door: the only figures behind it. One row per cell of one tier.',
  grain cell,
  column_descriptions (
    cell = 'Key of the cell: measure|area|area_vintage|period|basis',
    measure = 'Measure, or a sum of measures such as births - deaths',
    area = 'Key of the area, leading zeros kept',
    area_level = 'Level of the area',
    area_vintage = 'Year of the territory',
    period = 'Period in SDMX form',
    freq = 'A annual, S half-yearly, Q quarterly, M monthly, W weekly, D daily',
    basis = 'Statistics the figure comes from',
    value = 'Value in unit; empty where withheld or missing',
    obs_status = 'SDMX observation status; Q is withheld',
    conf_status = 'SDMX confidentiality status; C is confidential',
    unit = 'Unit of the value',
    sources = 'Sources, alphabetical, separated by ;'
  ),
  audits (
    not_null(columns := (cell, measure, area, area_level, area_vintage, period, freq, basis, obs_status, conf_status, unit, sources)),
    unique_values(columns := (cell)),
    unique_combination_of_columns(columns := (measure, area, area_vintage, period, basis)),
    accepted_values(column := obs_status, is_in := ('A', 'E', 'P', 'U', 'B', 'M', 'L', 'O', 'Q')),
    accepted_values(column := conf_status, is_in := ('F', 'C')),
    accepted_values(column := freq, is_in := ('A', 'S', 'Q', 'M', 'W', 'D')),
    withheld_has_no_value,
    withheld_is_confidential,
    value_is_finite,
    area_key_has_its_length
  )
);

SELECT
  cell,
  measure,
  area,
  area_level,
  area_vintage,
  period,
  freq,
  basis,
  CAST(value AS DOUBLE) AS value,
  obs_status,
  conf_status,
  unit,
  sources
FROM landing.protected_cell
