# `make run` and `make test` need Python 3.11 or newer, git and make; everything else they install.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

# Tests wait more than they compute, so four files at a time on two cores, in the order of tests/conftest.py; a file's
# tests share what they start.
AT_ONCE := --numprocesses 4 --dist loadfile --no-loadscope-reorder

# Where `make docs` puts the site.
SITE := build/docs

.PHONY: run test test-all bench accuracy docs lint lock dist release-check fuzz clean help

help:
	@echo "make run       start Tonearm with its demo site on http://127.0.0.1:8080/"
	@echo "make test      linters, type checks and the short tests"
	@echo "make test-all  the same with every case at full length"
	@echo "make bench     ratios, memory, losses and a profile, measured; needs wrk; BENCH=--help tells its options"
	@echo "make accuracy  simulates listeners whose number is known and writes docs/accuracy.md anew; 2 minutes"
	@echo "make docs      the documentation as a site in build/docs/; a broken link or picture fails it"
	@echo "make fuzz      strange requests against the beacon listener, for SECONDS=120"
	@echo "make lock      write requirements/*.txt anew from pyproject.toml; LOCK=--upgrade takes the newest versions"
	@echo "make dist      build sdist and wheel into dist/; docs/release.md tells how a release is made"

run: $(VENV)/.run
	@TONEARM_DEMO=$${TONEARM_DEMO:-true} exec $(BIN)/tonearm serve

test: $(VENV)/.dev
	@$(BIN)/python tests/system_packages.py
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -q $(AT_ONCE)

test-all: $(VENV)/.dev
	@$(BIN)/python tests/system_packages.py
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -q $(AT_ONCE) --full

bench: $(VENV)/.dev
	@$(BIN)/python -m bench $(BENCH)

accuracy: $(VENV)/.dev
	@$(BIN)/python -m bench.accuracy --write-docs

docs: $(VENV)/.docs
	@$(BIN)/python -m sphinx -q -W --keep-going -E -d $(SITE).cache -c docs/site docs $(SITE)
	@echo "Open $(SITE)/index.html"

fuzz: $(VENV)/.dev
	@$(BIN)/python -m tests.fuzz_beacon --seconds $(or $(SECONDS),120)

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tracker.build --check

lock: $(VENV)/.dev
	@$(BIN)/python -m release lock $(LOCK)

dist: $(VENV)/.dev
	@$(BIN)/python -m release build

release-check: $(VENV)/.dev
	@$(BIN)/python -m release check

clean:
	rm -rf $(VENV) .nox node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tonearm needs Python 3.11 or newer; $(PYTHON) is older. Name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment. On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.run: $(VENV)/bin/python requirements/run.txt requirements/build.txt pyproject.toml
	@echo "Installing Tonearm and its pinned dependencies"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/run.txt -r requirements/build.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Installing what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.docs: $(VENV)/bin/python requirements/docs.txt
	@echo "Installing what makes the documentation"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@
