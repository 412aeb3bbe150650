-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name marts.kpi,
  kind FULL,
  description 'What the KPIs mean: names, formula, unit, and how not to read them.',
  grain kpi,
  column_descriptions (
    kpi = 'Id of the KPI',
    name_de = 'Name, German',
    name_en = 'Name, English',
    domain = 'Field of reporting',
    formula = 'The formula as people write it',
    unit = 'Unit of the value',
    rule = 'sum: add up; ratio_of_sums: never average, divide the sums; weighted_mean: the same, the denominator is the weight; boundary_flow: counted on each level, never add over areas; published_only: taken as published; before_door, composite: a statistic of its area, never add or average',
    decimals = 'Decimals that are published',
    direction = 'Whether a higher value is better, a lower one, or neither',
    min_denominator = 'Below this denominator there is no value (status M); empty: no such rule',
    low_denominator = 'Below this denominator the value is flagged U; empty: no such rule',
    denominator_bases = 'Bases that may lend the denominator, in order of preference, separated by ;',
    frequencies = 'Frequencies in which the KPI has values, separated by ;: A annual, Q quarterly, M monthly',
    comparable_across_breaks = 'Whether values on both sides of a break (mart kpi_break) may be compared',
    note_de = 'How not to read it, German',
    note_en = 'How not to read it, English'
  ),
  audits (
    not_null(columns := (kpi, name_de, name_en, domain, formula, unit, rule, decimals, direction, frequencies, comparable_across_breaks, note_de, note_en)),
    unique_values(columns := (kpi))
  )
);

WITH lending_bases AS (
  SELECT
    kpi,
    STRING_AGG(basis, ';' ORDER BY preference) AS denominator_bases
  FROM core.kpi_denominator_basis
  GROUP BY
    kpi
)
SELECT
  kpi.kpi,
  kpi.name_de,
  kpi.name_en,
  kpi.domain,
  kpi.formula,
  kpi.unit,
  kpi.rule,
  kpi.decimals,
  kpi.direction,
  kpi.min_denominator,
  kpi.low_denominator,
  lending_bases.denominator_bases,
  kpi.frequencies,
  kpi.comparable_across_breaks,
  kpi.note_de,
  kpi.note_en
FROM core.kpi AS kpi
LEFT JOIN lending_bases
  ON lending_bases.kpi = kpi.kpi
