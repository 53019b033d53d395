# The front desk. `make help` prints it.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 4

.PHONY: help demo test packages unit bench measured pictures docs lint types floors

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

# The virtual environment, remade when the pins change.
.venv/ready: requirements.txt pyproject.toml
	@echo "Setting up .venv (a minute, once) …"
	@$(PYTHON) -c 'import sys; sys.exit("Handrail needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.12 demo" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv || { echo "venv is missing. On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/ready ## Run the main job on loopback, with invented people
	@$(BIN)/handrail demo

packages: ## Install the Debian packages that the tests talk to (sudo where not root)
	@tests/servers/packages

test: .venv/ready packages lint types floors ## Everything: style, types, floors, all tests on real servers
	@$(BIN)/pytest -n $(JOBS) --dist worksteal -q

unit: .venv/ready ## The pure core alone, in seconds
	@$(BIN)/pytest -q tests/unit

bench: .venv/ready packages ## How fast mail passes, how soon it is noticed, what 500 mailboxes cost (half an hour, alone)
	@$(BIN)/python -m tests.benchmarks.relay
	@$(BIN)/python -m tests.benchmarks.latency $(BENCH)
	@$(BIN)/python -m tests.benchmarks.watch $(BENCH)

measured: ## The same, written into docs/measurements.md
	@$(MAKE) bench BENCH=--write

pictures: .venv/ready packages ## Take the picture of Thunderbird that the README shows anew
	@HANDRAIL_PICTURES=docs $(BIN)/pytest -q tests/e2e/test_11_thunderbird.py

docs: .venv/ready ## Write the reference of policies from the schema's docstrings
	@$(BIN)/python -m tests.reference

lint: .venv/ready ## Style and banned calls
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/ready ## mypy, strict, on the package
	@$(BIN)/mypy

floors: .venv/ready ## Who may import whom
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
