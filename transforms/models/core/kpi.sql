-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name core.kpi,
  kind VIEW,
  description 'The KPI catalogue, product and site together.',
  grain kpi,
  column_descriptions (
    kpi = 'Id of the KPI',
    name_de = 'Name, German',
    name_en = 'Name, English',
    domain = 'Field of reporting',
    numerator = 'Measure or sum of measures above the line; the KPI itself for a statistic',
    denominator = 'Measure or sum of measures below the line; empty for a count or a statistic',
    formula = 'The formula as people write it',
    factor = 'Factor before the quotient',
    unit = 'Unit of the value',
    rule = 'sum, ratio_of_sums, boundary_flow, weighted_mean, published_only, before_door or composite',
    decimals = 'Decimals that are published',
    direction = 'Whether a higher value is better, a lower one, or neither',
    min_denominator = 'Below this denominator there is no value (status M); empty: no such rule',
    low_denominator = 'Below this denominator the value is flagged U; empty: no such rule',
    frequencies = 'Frequencies in which the KPI has values, A, Q, M, separated by ;',
    comparable_across_breaks = 'Whether values on both sides of a break may be compared',
    look_back = 'Years over which the KPI is a change; 0 for what is none',
    numerator_reach = 'Years that the oldest figure of the numerator lies back; 0 for a change',
    denominator_reach = 'Years that the oldest figure of the denominator lies back; 0 for a change',
    note_de = 'How not to read it, German',
    note_en = 'How not to read it, English'
  ),
  audits (
    not_null(columns := (kpi, name_de, name_en, domain, numerator, formula, factor, unit, rule, decimals, direction, frequencies, comparable_across_breaks, look_back, numerator_reach, denominator_reach, note_de, note_en)),
    unique_values(columns := (kpi)),
    accepted_values(column := rule, is_in := ('sum', 'ratio_of_sums', 'boundary_flow', 'weighted_mean', 'published_only', 'before_door', 'composite')),
    accepted_values(column := direction, is_in := ('higher_is_better', 'lower_is_better', 'none')),
    no_kpi_without_a_use
  ),
  depends_on (core.kpi_term)
);

SELECT
  kpi,
  name_de,
  name_en,
  domain,
  numerator,
  denominator,
  formula,
  CAST(factor AS DOUBLE) AS factor,
  unit,
  rule,
  CAST(decimals AS INT) AS decimals,
  direction,
  CAST(min_denominator AS DOUBLE) AS min_denominator,
  CAST(low_denominator AS DOUBLE) AS low_denominator,
  frequencies,
  CAST(comparable_across_breaks AS BOOLEAN) AS comparable_across_breaks,
  CAST(look_back AS INT) AS look_back,
  CAST(numerator_reach AS INT) AS numerator_reach,
  CAST(denominator_reach AS INT) AS denominator_reach,
  note_de,
  note_en
FROM landing.kpi
