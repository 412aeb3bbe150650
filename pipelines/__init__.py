# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""When and how the stations run: definitions, jobs, settings, messages and the `lagebild` command.

The only place that reads settings. Nothing here computes or stores a figure.
"""
