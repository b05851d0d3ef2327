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

.PHONY: help demo soak test chaos lint audit-dependencies format docs messages mutants fuzz clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.ready-demo ## Run the environment audit, then serve the admin (ONCE=1: end after the first graph)
	@exec $(PY) testproject/manage.py demo $(if $(filter-out 0,$(ONCE)),--once)

test: $(VENV)/.ready-test ## Run the tests on SQLite, PostgreSQL and MariaDB (PYTEST_ARGS="-x -k name")
	@exec $(PY) -m scripts.test $(PYTEST_ARGS)

fuzz: $(VENV)/.ready-test ## Try the property tests with random values until one fails (MINUTES=10; SEED=7 repeats a round)
	@exec $(PY) -m scripts.fuzz --minutes=$(or $(MINUTES),10) $(if $(SEED),--seed=$(SEED)) $(PYTEST_ARGS)

chaos: $(VENV)/.ready-test ## Let workers and servers fail at random and judge what is left (SECONDS=30 SEED=7 VENDORS=sqlite,mariadb)
	@exec $(PY) -m tests.chaos "$(SECONDS)" "$(SEED)" "$(VENDORS)"

lint: $(VENV)/.ready-lint ## Check style, format and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

audit-dependencies: $(VENV)/.ready-lint ## Ask for known weaknesses of what is installed; says so where the service does not answer
	@exec $(PY) -m scripts.audit_dependencies

format: $(VENV)/.ready-lint ## Repair style and format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

soak: $(VENV)/.ready-test ## Work under load and watch what grows (MINUTES=10 DATABASE=sqlite RATE=20)
	@exec env MINUTES=$(MINUTES) DATABASE=$(DATABASE) RATE=$(RATE) $(PY) -m scripts.soak

docs: $(VENV)/.ready-test ## Check the documentation: its examples, links and generated pictures
	$(PY) -m pytest tests/docs $(PYTEST_ARGS)

messages: $(VENV)/.ready-demo ## Bring the translations up to date and compile them (needs GNU gettext)
	@exec $(PY) -m scripts.messages

mutants: $(VENV)/.ready-test ## Take out one guard after the other and see that a test notices (MUTANTS="fence lock")
	@exec $(PY) -m scripts.mutants $(MUTANTS)

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
