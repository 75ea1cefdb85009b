# make demo    a site that signs people up against the local sandbox, at http://127.0.0.1:8000 (HOST= and PORT= change it)
# make test    the whole test run, with coverage (ARGS= goes to pytest; WORKERS=0 for one process, as --pdb needs it)
# make test-versions  the tests on every Python, Django and boto3 that tox finds (ENVS= for some: tox list)
# make test-databases  the ledger's tests on SQLite, PostgreSQL and MariaDB (POSTGRES_URL= and MARIADB_URL= say where)
# make test-engines  bulk jobs on django-tasks-db and Celery, workers killed (POSTGRES_URL=, RABBITMQ_URL=, REDIS_URL=)
# make test-emulators  the AWS CLI on the sandbox, and the app on others' emulators (Debian: npm)
# make test-api  2,000 requests made up from the API's schema (API_CASES= for another number)
# make crash   the site killed 500 times at random (DATABASE_URL= for another database than SQLite)
# make fuzz    10,000 tries of whatever can be typed or sent (FUZZ_EXAMPLES= for another number)
# make bench   what it takes, against what others take, into docs/performance.md (ARGS= goes to it; POSTGRES_URL=)
# make events  10,000 events of people confirmed elsewhere, doubled and shuffled (EVENTS= for another number)
# make lint    style, types, layers, migrations, workflows
# make docs    the manual, as HTML in docs/_build/html
# make screenshots  pictures of every page and state, in docs/images/pages
# make messages     bring the catalogues up to date with the texts (Debian: apt-get install gettext)
# make compilemessages  compile them, after a translation
# make package  the wheel and the source distribution, into dist, as a release has them, and what checkers say of them
# make clean   remove what the others made

PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=
# Processes that share the tests, a file at a time, in order: what a folder needs is started once by each.
WORKERS ?= auto
PARALLEL = --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

EMULATORS = .venv-emulators
# Exactly this one: beside a newer boto3, pip silently picks an older release, which accepts any code.
MINISTACK = ministack==1.5.33
MOTO = moto[server]==5.2.5
AWS_CLI = awscli==1.46.3
COGNITO_LOCAL = cognito-local@5.3.0

BIN = $(VENV)/bin
INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check
PACKAGE = setup.cfg pyproject.toml

# Tests of what the database has a say in.
LEDGER_TESTS = \
	tests/test_ledger.py \
	tests/test_queue.py \
	tests/test_bulk.py \
	tests/test_tasks.py \
	tests/test_settling.py \
	tests/admin \
	tests/test_services.py \
	tests/test_pending.py \
	tests/test_sync.py \
	tests/test_walk.py \
	tests/test_pruning.py \
	tests/test_conflicts.py \
	tests/test_events.py \
	tests/test_sign_in.py \
	tests/test_views.py \
	tests/test_one_answer.py \
	tests/test_plans.py \
	tests/integration/test_crashes.py
# The tests make a database of their own, test_<name>.
SQLITE_URL ?= sqlite:///var/cognito_confirm.sqlite3
POSTGRES_URL ?= postgres://postgres@127.0.0.1:5432/cognito_confirm
MARIADB_URL ?= mysql://root@127.0.0.1:3306/cognito_confirm
# Runs of each state machine; `make test` makes more, where commits cost nothing.
LEDGER_EXAMPLES ?= 100

LOCALE = django_cognito_confirm/locale
LANGUAGES = ar da de en es fr he hi id it ja ko nb nl pl pt_BR sv th tr uk zh_Hans zh_Hant

.PHONY: demo test test-versions test-databases test-sqlite test-postgresql test-mariadb test-engines test-emulators \
	test-api crash fuzz bench events package screenshots lint docs messages compilemessages clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo
	$(BIN)/python example_project/manage.py demo --host $(HOST) --port $(PORT)

test: $(VENV)/.test
	$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=term-missing $(ARGS)

test-databases: test-sqlite test-postgresql test-mariadb

test-sqlite: export DATABASE_URL = $(SQLITE_URL)
test-postgresql: export DATABASE_URL = $(POSTGRES_URL)
test-mariadb: export DATABASE_URL = $(MARIADB_URL)
test-sqlite test-postgresql test-mariadb: export LEDGER_EXAMPLES := $(LEDGER_EXAMPLES)
test-sqlite test-postgresql test-mariadb: $(VENV)/.databases
	@echo "== $@"
	@mkdir -p var
	$(BIN)/python -m pytest $(PARALLEL) $(LEDGER_TESTS) $(ARGS)

# Where nothing may be skipped, no Python may either.
ENVS ?= ALL
test-versions: $(VENV)/.versions
	$(BIN)/tox run -e $(ENVS) $(if $(CI),--skip-missing-interpreters false) -- $(PARALLEL) $(ARGS)

test-engines: export DATABASE_URL = $(POSTGRES_URL)
test-engines: export DJANGO_SETTINGS_MODULE = tests.integration.engines.settings
test-engines: $(VENV)/.engines
	$(BIN)/python -m pytest tests/integration/engines $(ARGS)

test-emulators: $(VENV)/.test $(addprefix $(EMULATORS)/.,ministack moto awscli cognito-local)
	$(BIN)/python -m pytest tests/integration/emulators $(ARGS)

crash: $(if $(DATABASE_URL),$(VENV)/.databases,$(VENV)/.test)
	CRASH_KILLS=500 $(BIN)/python -m pytest tests/integration/test_crashes.py -k any_moment $(ARGS)

API_CASES ?= 2000
test-api: $(VENV)/.test
	API_CASES=$(API_CASES) $(BIN)/python -m pytest tests/test_api_schema.py $(ARGS)

FUZZ_EXAMPLES ?= 10000
fuzz: $(VENV)/.test
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest tests/test_fuzz.py $(ARGS)

bench: export POSTGRES_URL := $(POSTGRES_URL)
bench: $(VENV)/.bench
	$(BIN)/python -m bench $(ARGS)

EVENTS ?= 10000
events: $(VENV)/.test
	EVENTS=$(EVENTS) $(BIN)/python -m pytest tests/test_webhook.py -k many_events $(ARGS)

lint: $(VENV)/.lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --quiet --min-severity medium .github
	$(BIN)/python -m django makemigrations --check --dry-run --settings tests.settings --pythonpath .
	$(BIN)/python -m django check --fail-level WARNING --settings tests.settings --pythonpath .
	$(BIN)/python example_project/manage.py check --fail-level WARNING

docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -W --keep-going --nitpicky --fresh-env -q -d docs/_build/doctrees docs docs/_build/html

screenshots: $(VENV)/.test
	SCREENSHOTS=docs/images/pages $(BIN)/python -m pytest tests/browser/test_states.py $(ARGS)

messages: $(VENV)/.demo
	mkdir -p $(LOCALE)
	cd django_cognito_confirm && $(abspath $(BIN))/django-admin makemessages \
		$(addprefix --locale ,$(LANGUAGES)) --add-location file --no-wrap --no-obsolete
	# English is what the texts are written in.
	msgattrib --empty --clear-fuzzy --no-wrap $(LOCALE)/en/LC_MESSAGES/django.po \
		| msgen --no-wrap - --output-file $(LOCALE)/en/LC_MESSAGES/django.po

compilemessages: $(VENV)/.demo
	cd django_cognito_confirm && $(abspath $(BIN))/django-admin compilemessages

# Pyroma also wants the project's address and its authors', which setup.cfg cannot name yet.
package: $(VENV)/.release
	rm -rf build dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/check-manifest
	$(BIN)/pyroma --min 10 --skip-tests AuthorEmail,Url dist/*.tar.gz

clean:
	rm -rf $(VENV) $(EMULATORS) .tox build dist docs/_build *.egg-info var htmlcov .coverage .coverage.* \
		.hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "Python 3.10 or newer is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python $(PACKAGE)
	@echo "Installing the package and what the example site needs in $(VENV)"
	@$(INSTALL) --editable '.[demo]'
	@touch $@

$(VENV)/.test: $(BIN)/python $(PACKAGE)
	@echo "Installing the package and what its tests need in $(VENV)"
	@$(INSTALL) --editable '.[test]'
	@touch $@

$(VENV)/.versions: $(BIN)/python $(PACKAGE)
	@echo "Installing tox in $(VENV)"
	@$(INSTALL) 'tox>=4.22'
	@touch $@

$(VENV)/.databases: $(BIN)/python $(PACKAGE)
	@echo "Installing the package, what its tests need and the databases' drivers in $(VENV)"
	@$(INSTALL) --editable '.[test,postgresql,mysql]' || { echo \
		"mysqlclient is built on the spot: Debian has what it needs in gcc, pkg-config and libmariadb-dev" >&2; exit 1; }
	@touch $@

$(VENV)/.engines: $(BIN)/python $(PACKAGE)
	@echo "Installing the package, what its tests need, Celery and the drivers of PostgreSQL and Redis in $(VENV)"
	@$(INSTALL) --editable '.[test,engines,postgresql]'
	@touch $@

$(VENV)/.bench: $(BIN)/python $(PACKAGE)
	@echo "Installing the package and what it is measured against in $(VENV)"
	@$(INSTALL) --editable '.[bench,test]'
	@touch $@

$(VENV)/.lint: $(BIN)/python $(PACKAGE)
	@echo "Installing the package and what its checks need in $(VENV)"
	@$(INSTALL) --editable '.[lint,test]'
	@touch $@

$(VENV)/.docs: $(BIN)/python $(PACKAGE)
	@echo "Installing the package and what its manual is built with in $(VENV)"
	@$(INSTALL) --editable '.[docs]'
	@touch $@

$(EMULATORS)/.ministack: REQUIREMENT = $(MINISTACK)
$(EMULATORS)/.moto: REQUIREMENT = $(MOTO)
$(EMULATORS)/.awscli: REQUIREMENT = $(AWS_CLI)
$(EMULATORS)/.ministack $(EMULATORS)/.moto $(EMULATORS)/.awscli: $(EMULATORS)/.%: Makefile
	@echo "Installing $(REQUIREMENT) in $(EMULATORS)/$*"
	@$(PYTHON) -m venv $(EMULATORS)/$*
	@$(EMULATORS)/$*/bin/python -m pip install -qq --disable-pip-version-check '$(REQUIREMENT)'
	@touch $@

$(EMULATORS)/.cognito-local: Makefile
	@echo "Installing $(COGNITO_LOCAL) in $(EMULATORS)/cognito-local"
	@npm install --prefix $(EMULATORS)/cognito-local --ignore-scripts --no-audit --no-fund --loglevel error \
		--fetch-timeout 30000 $(COGNITO_LOCAL)
	@touch $@

$(VENV)/.release: $(BIN)/python $(PACKAGE)
	@echo "Installing what builds and checks a release in $(VENV)"
	@$(INSTALL) --editable '.[release]'
	@touch $@
