-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

AUDIT (
  name share_within_its_whole,
  blocking FALSE
);

/* A share above 100 is possible where numerator and denominator come from different statistics, so it warns. */
SELECT kpi, area, period, value
FROM @this_model
WHERE unit = 'percent' AND kpi LIKE '%share%' AND (value < 0 OR value > 100);

AUDIT (
  name no_kpi_without_a_use,
  blocking TRUE
);

SELECT kpi.kpi
FROM @this_model AS kpi
LEFT JOIN core.kpi_term AS term
  ON term.kpi = kpi.kpi AND term.role IN ('numerator', 'input')
WHERE term.kpi IS NULL;

AUDIT (
  name terms_have_a_coefficient,
  blocking TRUE
);

/* A term of a sum has a coefficient; an input of a statistic has none, because a statistic is no sum. */
SELECT kpi, role, measure
FROM @this_model
WHERE (role = 'input') <> (coef IS NULL);

AUDIT (
  name break_of_a_kpi,
  blocking TRUE
);

SELECT broken.kpi, broken.year
FROM @this_model AS broken
LEFT JOIN core.kpi AS kpi
  ON kpi.kpi = broken.kpi
WHERE kpi.kpi IS NULL;
