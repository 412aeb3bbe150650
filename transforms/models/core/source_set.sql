-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name core.source_set,
  kind VIEW,
  description 'The single sources in each combination of sources that cells name.',
  grain (sources, source),
  column_descriptions (
    sources = 'Combination as it stands in core.protected_cell',
    source = 'One source of it'
  ),
  audits (
    not_null(columns := (sources, source)),
    unique_combination_of_columns(columns := (sources, source))
  )
);

SELECT
  sources,
  source
FROM landing.source_set
