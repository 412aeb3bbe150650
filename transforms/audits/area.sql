-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

AUDIT (
  name area_key_has_its_length,
  blocking TRUE
);

/* Keys are text: Bund DG, Land 2 digits, Regierungsbezirk 3, Kreis 5, Gemeinde 8, Gemeindeverband 9; Jugendamt JH and 8 digits. What has no key of
   official statistics (city districts, constituencies, who lives outside the Land) carries the area around it before a hyphen.
   A lost leading zero gives a key of 1, 4 or 7 digits, or a Land that does not exist; 99 is the synthetic Land. */
SELECT area
FROM @this_model
WHERE
  NOT REGEXP_LIKE(area, '^(DG|(JH)?(0[1-9]|1[0-6]|99)([0-9]|[0-9]{3}|[0-9]{6}|[0-9]{7})?)(-.+)?$')
  OR (area_level = 'land' AND LENGTH(area) <> 2)
  OR (area_level = 'regierungsbezirk' AND LENGTH(area) <> 3)
  OR (area_level = 'kreis' AND LENGTH(area) <> 5)
  OR (area_level = 'gemeinde' AND LENGTH(area) <> 8)
  OR (area_level = 'gemeindeverband' AND LENGTH(area) <> 9)
  OR (area_level = 'jugendamt' AND LENGTH(area) <> 10);

AUDIT (
  name area_has_a_name,
  blocking FALSE
);

SELECT area, area_vintage
FROM @this_model
WHERE area_name = area AND area_level <> 'bund';
