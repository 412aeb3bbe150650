-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name marts.source_edition,
  kind FULL,
  description 'How to cite each source, for the figures of each year: who publishes it, what it is called, its terms and the date of its edition.',
  grain (source, year),
  column_descriptions (
    source = 'Id of the source, as in kpi_value__area_period.sources',
    year = 'Year that the figures are about: the first four signs of a period',
    edition_date = 'Date of the newest edition that figures of the year come from',
    date_kind = 'published: as the publisher states it; received: the day on which the file came',
    publisher = 'Who publishes or delivers it',
    title_de = 'Title, German',
    title_en = 'Title, English',
    licence = 'Licence as stated by the publisher',
    attribution = 'Words to quote the source with',
    url = 'Where it is found',
    citation_de = 'All of it in a sentence, German',
    citation_en = 'All of it in a sentence, English'
  ),
  audits (
    not_null(columns := (source, year, edition_date, date_kind, publisher, title_de, title_en, licence, citation_de, citation_en)),
    unique_combination_of_columns(columns := (source, year))
  )
);

WITH used_sources AS (
  SELECT DISTINCT
    source
  FROM core.source_set
)
SELECT
  edition.source,
  edition.year,
  edition.edition_date,
  edition.date_kind,
  source.publisher,
  source.title_de,
  source.title_en,
  source.licence,
  source.attribution,
  source.url,
  COALESCE(source.attribution, source.publisher) || ': ' || source.title_de || CASE edition.date_kind WHEN 'published' THEN ', Stand ' ELSE ', abgerufen ' END || edition.edition_date || COALESCE(', Lizenz ' || NULLIF(source.licence, 'unstated'), '') || COALESCE(', ' || source.url, '') AS citation_de,
  COALESCE(source.attribution, source.publisher) || ': ' || source.title_en || CASE edition.date_kind WHEN 'published' THEN ', as of ' ELSE ', retrieved ' END || edition.edition_date || COALESCE(', licence ' || NULLIF(source.licence, 'unstated'), '') || COALESCE(', ' || source.url, '') AS citation_en
FROM core.source_edition AS edition
INNER JOIN used_sources
  ON used_sources.source = edition.source
INNER JOIN core.source AS source
  ON source.source = edition.source
