-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name marts.source,
  kind FULL,
  description 'The sources whose figures the release holds.',
  grain source,
  column_descriptions (
    source = 'Id of the source',
    title_de = 'Title, German',
    title_en = 'Title, English',
    publisher = 'Who publishes or delivers it',
    url = 'Where it is found',
    licence = 'Licence as stated by the publisher',
    attribution = 'Words to quote the source with',
    cadence = 'How often it appears',
    newest_edition = 'Date of the newest edition that any figure comes from; by year: mart source_edition'
  ),
  audits (
    not_null(columns := (source, title_de, title_en, publisher, licence)),
    unique_values(columns := (source))
  )
);

WITH used_sources AS (
  SELECT DISTINCT
    source
  FROM core.source_set
), newest_editions AS (
  SELECT
    source,
    MAX(edition_date) AS newest_edition
  FROM core.source_edition
  GROUP BY
    source
)
SELECT
  source.source,
  source.title_de,
  source.title_en,
  source.publisher,
  source.url,
  source.licence,
  source.attribution,
  source.cadence,
  newest_editions.newest_edition
FROM core.source AS source
INNER JOIN used_sources
  ON used_sources.source = source.source
LEFT JOIN newest_editions
  ON newest_editions.source = source.source
