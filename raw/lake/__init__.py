# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The lake: what came in, byte for byte, and the crash-safe way it gets there.

Belongs here: inbox, snapshots, delivery records, atomic file operations. Does not belong here: reading a file's
content.
"""
