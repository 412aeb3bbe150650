-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

MODEL (
  name marts.area,
  kind FULL,
  description 'The areas for which the release holds figures.',
  grain (area, area_vintage),
  column_descriptions (
    area = 'Key of the area, leading zeros kept',
    area_vintage = 'Year of the territory',
    area_level = 'Level of the area',
    name = 'Name in that vintage; the key where no name is known',
    parent = 'Key of the area it lies in; empty for the Bund'
  ),
  audits (
    not_null(columns := (area, area_vintage, area_level, name)),
    unique_combination_of_columns(columns := (area, area_vintage)),
    area_key_has_its_length
  )
);

WITH areas_with_figures AS (
  SELECT DISTINCT
    area,
    area_vintage,
    area_level
  FROM kpi.kpi_value
)
SELECT
  areas_with_figures.area,
  areas_with_figures.area_vintage,
  areas_with_figures.area_level,
  COALESCE(area.name, areas_with_figures.area) AS name,
  area.parent
FROM areas_with_figures
LEFT JOIN core.area AS area
  ON area.area = areas_with_figures.area AND area.area_vintage = areas_with_figures.area_vintage
