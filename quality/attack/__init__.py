# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""An attack from outside: what can be computed of withheld figures from published files alone.

Belongs here: reading releases as any reader can, the equations that follow from their structure and from public
definitions, and bounds for what is withheld. Does not belong here: anything of the door (`quality.disclosure`), of the
restricted zone, or of how cells were formed; an import-linter contract and a test keep it so.
"""
