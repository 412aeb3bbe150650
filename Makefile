# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
#
# Every target sets itself up on first use: Python 3.11 or newer, make and git are enough.

SHELL  := /bin/bash
PYTHON ?= python3
BIN    := .venv/bin
UV     := $(BIN)/uv
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup run ui test lint format bench prove system test-system lock clean

# No tool that we call sends anything home.
export DAGSTER_DISABLE_TELEMETRY := 1
export SQLMESH__DISABLE_ANONYMIZED_ANALYTICS := true
export GX_ANALYTICS_ENABLED := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: .venv/.project ## the virtual environment in .venv (every other target calls it when needed)

run: setup ## the demo: a synthetic Land from its deliveries to the marts, in ./demo-site
	@$(BIN)/lagebild demo --site demo-site

ui: setup ## Dagster's web interface on the demo site
	@$(BIN)/lagebild --site demo-site ui

test: setup ## lint, types, import layers and all tests, large experiments as a seeded sample
	@$(PYTEST) -m "not system" -n 2 --dist loadfile $(ARGS)

lint: setup ## format, lint, types, import layers and licence headers only
	@$(PYTEST) tests/test_project.py -k tool $(ARGS)

format: setup ## put the code into the form that lint asks for
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

bench: setup ## measure how long the stations take
	@$(BIN)/python -m benchmarks

prove: setup ## every large experiment in full, resumable; writes docs/evidence.md
	@$(PYTEST) --prove $(ARGS)

test-system: setup ## the tests that need a browser or a database server
	@$(PYTEST) -m system -rs $(ARGS)

system: ## the Debian packages that test-system needs (root: installs them)
	@packages="$$(grep -v '^#' .ci/apt.txt | xargs)"; \
	if dpkg-query -W -f '' $$packages 2>/dev/null; then echo "All there: $$packages"; \
	elif [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$packages; \
	else echo "Please run: sudo apt-get install --no-install-recommends $$packages"; fi

lock: setup ## resolve pyproject.toml again into requirements.lock
	@$(UV) pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements.lock

clean: ## remove the demo site, caches and the virtual environment
	@rm -rf .venv demo-site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache ./*.egg-info

# --- set-up: three steps, each with a stamp, so that an unchanged one costs nothing ---

.venv/.uv: .ci/uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Lagebild needs Python 3.11 or newer. Choose one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { echo "Python cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --require-hashes -r .ci/uv.lock
	@touch $@

.venv/.packages: .venv/.uv requirements.lock
	@echo "Installing the packages of requirements.lock into .venv (about 1.3 GB, once)"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock \
		--only-binary :all: --no-binary reuse --build-constraints requirements.lock --compile-bytecode
	@touch $@

.venv/.project: .venv/.packages pyproject.toml
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@
