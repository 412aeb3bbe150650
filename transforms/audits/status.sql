-- SPDX-FileCopyrightText: 2026 Lagebild contributors
-- SPDX-License-Identifier: Apache-2.0

AUDIT (
  name withheld_has_no_value,
  blocking TRUE
);

SELECT obs_status
FROM @this_model
WHERE (obs_status IN ('Q', 'M', 'L', 'O')) <> (value IS NULL);

AUDIT (
  name withheld_is_confidential,
  blocking TRUE
);

SELECT obs_status, conf_status
FROM @this_model
WHERE (obs_status = 'Q') <> (conf_status = 'C');

AUDIT (
  name value_is_finite,
  blocking TRUE
);

SELECT value
FROM @this_model
WHERE NOT (ABS(value) < CAST(1e15 AS DOUBLE));
