# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""What is held and handed out: candidates, releases and the only driver of SQLMesh.

Reads protected cells only. Nothing here looks behind the door or decides what may be published.
"""
