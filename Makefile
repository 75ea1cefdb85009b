# make demo    a site that signs people up against the local sandbox, at http://127.0.0.1:8000 (HOST= and PORT= change it)
# make test    the whole test run, with coverage (ARGS= goes to pytest)
# make lint    style, types, layers, migrations
# make clean   remove what the others made

PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=

MINISTACK_VENV = .venv-ministack
# Exactly this one: beside a newer boto3, pip silently picks an older release, which accepts any code.
MINISTACK = ministack==1.5.33

BIN = $(VENV)/bin
INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check
PACKAGE = setup.cfg pyproject.toml

.PHONY: demo test lint ministack clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo
	$(BIN)/python example_project/manage.py demo --host $(HOST) --port $(PORT)

test: $(VENV)/.test
	$(BIN)/python -m pytest --cov --cov-report=term-missing $(ARGS)

lint: $(VENV)/.lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/python -m django makemigrations --check --dry-run --settings tests.settings --pythonpath .
	$(BIN)/python -m django check --fail-level WARNING --settings tests.settings --pythonpath .
	$(BIN)/python example_project/manage.py check --fail-level WARNING

ministack: $(MINISTACK_VENV)/.installed

clean:
	rm -rf $(VENV) $(MINISTACK_VENV) build dist *.egg-info var htmlcov .coverage .coverage.* \
		.hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "Python 3.10 or newer is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python $(PACKAGE)
	@echo "Installing the package in $(VENV)"
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: $(BIN)/python $(PACKAGE)
	@echo "Installing the package and what its tests need in $(VENV)"
	@$(INSTALL) --editable '.[test]'
	@touch $@

$(VENV)/.lint: $(BIN)/python $(PACKAGE)
	@echo "Installing the package and what its checks need in $(VENV)"
	@$(INSTALL) --editable '.[lint,test]'
	@touch $@

$(MINISTACK_VENV)/.installed: Makefile
	@echo "Installing $(MINISTACK) in $(MINISTACK_VENV)"
	@$(PYTHON) -m venv $(MINISTACK_VENV)
	@$(MINISTACK_VENV)/bin/python -m pip install -qq --disable-pip-version-check $(MINISTACK)
	@touch $@
