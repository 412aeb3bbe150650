-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name core.area,
  kind VIEW,
  description 'Areas by key and vintage.',
  grain (area, area_vintage),
  column_descriptions (
    area = 'Key of the area, leading zeros kept',
    area_vintage = 'Year of the territory',
    area_level = 'Level of the area',
    name = 'Name in that vintage',
    parent = 'Key of the area it lies in; empty for the Bund'
  ),
  audits (
    not_null(columns := (area, area_vintage, area_level, name)),
    unique_combination_of_columns(columns := (area, area_vintage)),
    area_key_has_its_length
  )
);

SELECT
  area,
  area_vintage,
  area_level,
  name,
  parent
FROM landing.area
