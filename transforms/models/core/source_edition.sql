-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name core.source_edition,
  kind VIEW,
  description 'The newest edition of a source that figures of a year come from.',
  grain (source, year),
  column_descriptions (
    source = 'Id of the source',
    year = 'Year that the figures are about',
    edition_date = 'Date of the newest edition that figures of the year come from',
    date_kind = 'published: as the publisher states it; received: the day on which the file came'
  ),
  audits (
    not_null(columns := (source, year, edition_date, date_kind)),
    unique_combination_of_columns(columns := (source, year)),
    accepted_values(column := date_kind, is_in := ('published', 'received'))
  )
);

SELECT
  source,
  year,
  edition_date,
  date_kind
FROM landing.source_edition
