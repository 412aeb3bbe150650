-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name core.source,
  kind VIEW,
  description 'Registered sources.',
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
    redistribution = 'none, internal or public'
  ),
  audits (
    not_null(columns := (source, title_de, title_en, publisher, licence)),
    unique_values(columns := (source))
  )
);

SELECT
  source,
  title_de,
  title_en,
  publisher,
  url,
  licence,
  attribution,
  cadence,
  redistribution
FROM landing.source
