# What this project can do; "make" lists it. Everything happens in a virtual environment inside the checkout.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# Another interpreter gets an environment of its own: PYTHON=python3.12 make test
PYTHON ?= python3
VENV ?= $(if $(filter file default undefined,$(origin PYTHON)),.venv,.venv-$(notdir $(PYTHON)))
PY := $(VENV)/bin/python
# An environment knows the checkout by its path, so a moved checkout is installed again.
MADE := $(VENV)/.made-$(shell pwd | cksum | cut -d ' ' -f 1)
PIP := $(PY) -m pip --disable-pip-version-check --no-input -q

.PHONY: help demo test lint format docs messages clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.ready-demo ## Run the environment audit, then serve the admin (ONCE=1: end after the first graph)
	@exec $(PY) testproject/manage.py demo $(if $(filter-out 0,$(ONCE)),--once)

test: $(VENV)/.ready-test ## Run the tests on SQLite, PostgreSQL and MariaDB (PYTEST_ARGS="-x -k name")
	@exec $(PY) -m scripts.test $(PYTEST_ARGS)

lint: $(VENV)/.ready-lint ## Check style, format and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(VENV)/.ready-lint ## Repair style and format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

docs: $(VENV)/.ready-test ## Check the documentation: its examples, links and generated pictures
	$(PY) -m pytest tests/docs $(PYTEST_ARGS)

messages: $(VENV)/.ready-demo ## Bring the translations up to date and compile them (needs GNU gettext)
	@exec $(PY) -m scripts.messages

clean: ## Remove environments, caches, builds and the demo's database
	rm -rf .venv .venv-* .tox .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist docs/_build htmlcov .coverage var
	rm -f testproject/db.sqlite3*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: an environment is filled again only when pyproject.toml or the checkout's path has changed.
$(VENV)/.ready-%: pyproject.toml $(MADE)
	@echo "installing what 'make $*' needs into $(VENV)"
	@$(PIP) install -e '.[$*]'
	@touch $@

# Not every platform has a wheel of the browser's driver; the tests say so where it is missing.
$(VENV)/.ready-test $(VENV)/.ready-lint: $(VENV)/.ready-%: pyproject.toml $(MADE)
	@echo "installing what 'make $*' needs into $(VENV)"
	@$(PIP) install -e '.[$*]'
	@$(PIP) install 'playwright>=1.50' || echo "playwright cannot be installed: no browser tests"
	@touch $@

$(MADE): scripts/venv
	@scripts/venv $(PYTHON) $(VENV)
	@touch $@
