# Every target makes the virtualenv it needs: Python 3.11 or newer, pip and make are enough. No root, no containers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
# Full counts for `make races`; `make test` runs a few bursts of each (tests/conftest.py).
BURSTS ?= 50
ARGS ?=
# What `make test` runs once more of the Django shell over the other store; `make valkey` runs all of it.
ON_VALKEY := $(patsubst %,tests/django/test_%.py,replay at_the_limit asking pages time endings secrets mail_stories pausing \
  operations commands admin_search dashboard account adoption naming not_me live)

# The tests of the browser that take about half of its time.
SOME_OF_BROWSER := $(wildcard tests/browser/test_[a-e]*.py) tests/browser/test_live.py tests/browser/test_refuse.py

.DEFAULT_GOAL := help
.PHONY: help demo test lint unit integration valkey races bench screenshots translations build clean

help: ## show what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/stamp-demo$(if $(STORE),-$(STORE)) ## run the demonstration site at http://127.0.0.1:8000 (STORE=redis: on a Valkey)
	$(BIN)/sojourn demo $(if $(STORE),--store $(STORE)) $(ARGS)

test: lint unit integration ## check the source, then run every test

lint: $(VENV)/stamp-test ## ruff, mypy --strict and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/stamp-test ## the quick tests: no server, no browser, under 30 seconds
	$(BIN)/pytest -q --max-seconds=30 tests/unit $(ARGS)

# Two at once, for two cores: those of stores, of the probe and of the demonstration beside all others; then those of the
# browser, apart because its driver keeps an event loop, which Django refuses, and the shell with its sessions on a Valkey.
integration: $(VENV)/stamp-test ## the other tests: real databases, races with small counts, a real browser
	@{ $(BIN)/pytest -q tests/stores -m "not browser" $(ARGS) && $(BIN)/pytest -q tests/probe tests/demo -m "not browser" $(ARGS); } \
	  >$(VENV)/stores.log 2>&1 & stores=$$!; \
	nice -n 10 $(BIN)/pytest -q tests $(patsubst %,--ignore=tests/%,unit stores probe demo) -m "not browser" $(ARGS); others=$$?; \
	wait $$stores; stores=$$?; cat $(VENV)/stores.log; test $$others -eq 0 -a $$stores -eq 0
	@{ $(BIN)/pytest -q $(SOME_OF_BROWSER) $(ARGS) && SOJOURN_TEST_STORE=valkey $(BIN)/pytest -q $(ON_VALKEY) $(ARGS); } \
	  >$(VENV)/browser.log 2>&1 & some=$$!; \
	$(BIN)/pytest -q tests --ignore=tests/unit $(SOME_OF_BROWSER:%=--ignore=%) -m browser $(ARGS); others=$$?; \
	wait $$some; some=$$?; cat $(VENV)/browser.log; test $$others -eq 0 -a $$some -eq 0

valkey: $(VENV)/stamp-test ## all tests of the Django shell and of packages beside it once more, with sessions on a Valkey (STORE=redis: on a Redis)
	SOJOURN_TEST_STORE=$(or $(STORE),valkey) $(BIN)/pytest -q tests/django tests/integrations/test_sites.py -m "not browser" $(ARGS)

races: $(VENV)/stamp-test ## every race with the full count (BURSTS=50), on every database
	$(BIN)/python -m tests.races --bursts $(BURSTS) $(ARGS)
	SOJOURN_RACE_BURSTS=$(BURSTS) $(BIN)/pytest -v -m races tests --ignore=tests/races

bench: $(VENV)/stamp-bench ## measure what Sojourn costs beside what else there is (ARGS=--quick for a minute's run)
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(VENV)/stamp-test ## take the pictures of the documentation anew
	SOJOURN_SCREENSHOTS=docs/images $(BIN)/pytest -q tests/browser/test_demo.py tests/browser/test_admin.py tests/browser/test_mail.py tests/browser/test_probe_report.py $(ARGS)

translations: $(VENV)/stamp-test ## compile the message catalogues (needs gettext; the results are committed)
	cd src/sojourn/contrib/django && ../../../../$(BIN)/django-admin compilemessages

build: $(VENV)/stamp-test ## build the wheel and the source distribution into dist/
	$(BIN)/python -m build --no-isolation

clean: ## delete the virtualenv and everything that was made
	rm -rf $(VENV) build dist demo.sqlite3* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests -type d -name __pycache__ -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sojourn needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/stamp-demo: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[django]'
	@touch $@

$(VENV)/stamp-demo-redis: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[django,demo]'
	@touch $@

$(VENV)/stamp-demo-database: $(VENV)/stamp-demo
	@touch $@

$(VENV)/stamp-bench: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[django,bench]'
	@touch $@

# The MariaDB driver is compiled here, so it needs a compiler and MariaDB's headers: without them only its tests are lost.
$(VENV)/stamp-test: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[django,test]'
	@if $(BIN)/python -c 'import MySQLdb' 2>/dev/null; then :; \
	elif pkg-config --exists libmariadb 2>/dev/null || pkg-config --exists mysqlclient 2>/dev/null; then \
	  $(PIP) install -e '.[mariadb]' || echo "MariaDB tests will be skipped: its driver could not be compiled (see above)"; \
	else \
	  echo "MariaDB tests will be skipped: its driver needs pkg-config, a compiler and MariaDB's headers (libmariadb-dev)"; \
	fi
	@touch $@ $(VENV)/stamp-demo $(VENV)/stamp-demo-redis $(VENV)/stamp-bench
