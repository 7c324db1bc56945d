# Two commands matter: `make demo` and `make test`. Everything is installed into this folder.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VERSION_FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do if "$$name" -c '$(VERSION_FITS)' 2>/dev/null; then echo "$$name"; break; fi; done)
BIN := .venv/bin
# A machine-wide list of constraints or indexes must not decide what we test with.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PLUGINS := $(sort $(dir $(wildcard plugins/*/pyproject.toml)))
ARGS ?=
MINUTES ?= 10
CASES ?=
DATA ?=
SEED ?= 1

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

python-found:
	@if [ -z "$(PYTHON)" ]; then echo "supportd needs Python 3.11, 3.12 or 3.13 with venv: install one, or name it: make PYTHON=/path/to/python3.12 …" >&2; exit 1; fi

.venv/.made: deploy/constraints.txt pyproject.toml $(addsuffix pyproject.toml,$(PLUGINS)) | python-found
	@echo "Installing supportd into .venv (about half a minute) …"
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing: on Debian, apt-get install python3-venv." >&2; exit 1; }
	@$(PIP) install -qq --require-hashes -r deploy/constraints.txt
	@$(PIP) install -qq --no-deps --no-build-isolation $(foreach one,. $(PLUGINS),-e $(one))
	@touch $@

.venv-synapse/.made: deploy/synapse.txt | python-found
	@echo "Installing the Synapse homeserver into .venv-synapse (about a minute) …"
	@$(PYTHON) -m venv .venv-synapse
	@.venv-synapse/bin/python -m pip --disable-pip-version-check --no-input install -qq --require-hashes -r deploy/synapse.txt
	@touch $@

.venv-strict/.made: deploy/strict.txt deploy/strict/package-lock.json | python-found
	@echo "Installing a strict third-party Matrix client into .venv-strict and deploy/strict …"
	@$(PYTHON) -m venv .venv-strict
	@.venv-strict/bin/python -m pip --disable-pip-version-check --no-input install -qq --require-hashes -r deploy/strict.txt
	@cd deploy/strict && PATH="$(CURDIR)/.venv-strict/bin:$$PATH" npm ci --silent --no-audit --no-fund --omit-lockfile-registry-resolved
	@touch $@

# The evening is good without it, so no network or no npm registry is no reason to show nothing.
strict-if-possible:
	@$(MAKE) --no-print-directory .venv-strict/.made || echo "The strict third-party client could not be installed; the evening goes on without it." >&2

install: .venv/.made ## Install supportd into .venv

demo: .venv/.made .venv-synapse/.made strict-if-possible ## Watch one evening of a group on a real homeserver (ARGS="--once" ends by itself)
	@$(BIN)/supportd demo $(ARGS)

system: ## Install the Debian packages that the tests use (needs root)
	@if [ "$$(id -u)" != 0 ]; then echo "make system needs root: run sudo make system." >&2; exit 1; fi
	@missing=""; for name in $$(grep -v '^#' deploy/apt.txt); do dpkg-query -W -f '$${Status}' "$$name" 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$name"; done; \
	if [ -n "$$missing" ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi

system-if-root:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then $(MAKE) --no-print-directory system; fi

test: system-if-root .venv/.made .venv-synapse/.made .venv-strict/.made ## Run all tests (at most 15 minutes)
	@$(BIN)/python -m pytest $(ARGS)

lint: .venv/.made ## Check style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: .venv/.made ## Mend style
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

types: .venv/.made ## Check types
	@$(BIN)/mypy

imports: .venv/.made ## Check who imports whom
	@$(BIN)/lint-imports --no-cache

bench: .venv/.made .venv-synapse/.made ## Print speed beside a bare floor
	@$(BIN)/python -m tests.bench $(ARGS)

filter-train: .venv/.made ## Train the filter's small model anew (DATA=folder SEED=1; its packages go into .venv-filter)
	@test -n "$(DATA)" || { echo "Name the folder of the data: make filter-train DATA=../shared/data/hostility SEED=1" >&2; exit 1; }
	@$(PYTHON) -m venv .venv-filter && .venv-filter/bin/python -m pip --disable-pip-version-check --no-input install -qq -r deploy/filter-training.txt
	@cd plugins/hostility_filter && OMP_NUM_THREADS=1 ../../.venv-filter/bin/python -m training.ngram "$(abspath $(DATA))" --seed $(SEED)
	@cd plugins/hostility_filter && OMP_NUM_THREADS=1 ../../.venv-filter/bin/python -m training.calibrate "$(abspath $(DATA))"

filter-report: .venv/.made ## Print what the installed filter does on its evaluation sentences
	@$(BIN)/python -m supportd_hostility report plugins/hostility_filter/sentences/evaluation.tsv

soak: .venv/.made .venv-synapse/.made ## Run the crash tests in full, MINUTES at a time, resumable
	@$(BIN)/python -m tests.soak --minutes $(MINUTES) $(ARGS)

pins: ## Pin the newest versions of everything, with hashes
	@for name in requirements:constraints synapse:synapse strict:strict; do uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q --upgrade deploy/$${name%%:*}.in -o deploy/$${name##*:}.txt; done

clean: ## Remove what was installed and built here
	rm -rf .venv .venv-synapse .venv-strict deploy/strict/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info plugins/*/*.egg-info

.PHONY: help python-found install demo strict-if-possible system system-if-root test lint format types imports bench soak filter-train filter-report pins clean
