# Every target does all the set-up it needs. The environment is keyed by the lock file, so a second run starts at once.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
LOCK_SUM := $(shell cat requirements-dev.lock scripts/link_checkout.py 2>/dev/null | cksum | cut -d' ' -f1)
STAMP := $(VENV)/.ready-$(LOCK_SUM)
BIN := $(VENV)/bin
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help setup run test lint types bench fuzz docs lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: $(STAMP) ## make the environment in .venv

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=..." >&2; exit 78; }
	@rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r requirements-dev.lock
	@$(BIN)/python scripts/link_checkout.py
	@touch $(STAMP)

run: setup ## run the hub: the rehearsal when no credentials are configured
	$(BIN)/project88 up

# The tests start the program some hundred times, so its compiled modules are kept, whatever the environment says.
test: export PYTHONDONTWRITEBYTECODE =
test: lint ## lint, types and tests
	$(BIN)/python -m compileall -q -j 0 project88
	$(BIN)/python -m pytest -n auto

lint: setup ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup ## measure against a plain COPY and write docs/reference/benchmarks.md
	$(BIN)/python -m bench

fuzz: setup ## fuzz CTP01 for FUZZ_SECONDS (60), guided by coverage
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r fuzz/requirements.lock
	$(BIN)/python fuzz/ctp01.py -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1

docs: setup ## write the generated pages of docs/reference
	$(BIN)/python scripts/make_reference.py

lock: ## make the lock files anew; needs uv
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 fuzz/requirements.in -o fuzz/requirements.lock
	@! grep -n '://' requirements.lock requirements-dev.lock fuzz/requirements.lock

clean: ## remove the environment
	rm -rf $(VENV)
