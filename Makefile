# Two commands do everything on Debian 12 with Python 3.11, make and Node 20:
#   make demo    sets up what is missing and shows a lesson on https://localhost:8443
#   make test    sets up what the tests need and runs them all
#   make bench   measures this machine: docs/benchmarks.md
#   make fuzz    looks for inputs that break the compiled plane: make fuzz SECONDS=600
#   make fuzz-api  asks the REST API what its document allows and what not, from a new seed each round: SECONDS, SEED
# ARGS goes to the program: make demo ARGS="--for 20 --json", make test ARGS="tests/signalling -x"

VENV := .venv
CONSTRAINTS := configs/constraints.txt
NPM_CI := npm ci --include=dev --no-audit --no-fund --loglevel=error
# Stamps say what was set up last; make compares their age with what they depend on.
RUN := $(VENV)/.set-up
TESTS := $(VENV)/.set-up-for-tests
BENCH := $(VENV)/.set-up-for-benchmarks
MODULES := client_web/node_modules/.set-up
CLIENT := client_web/dist/.built
CLIENT_SOURCES := $(shell find client_web -name node_modules -prune -o -name dist -prune -o -type f -print)
JS_TESTS := $(patsubst %/package.json,%/node_modules/.set-up,$(wildcard tests/js/package.json))

.DELETE_ON_ERROR:
.PHONY: demo test bench fuzz fuzz-api lint clean browser postgres redis

demo: $(RUN) $(CLIENT)
	@exec $(VENV)/bin/tongke demo $(ARGS)

# Most tests wait more than they compute: for browsers, for databases, for bells.
WORKERS ?= 4
test: $(TESTS) $(CLIENT) $(JS_TESTS) browser postgres redis
	@cd client_web && npm test --silent
	@exec $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

bench: $(BENCH)
	@exec $(VENV)/bin/python -m benchmarks run $(ARGS)

SECONDS ?= 600
fuzz: $(TESTS)
	@exec $(VENV)/bin/python -m tests.plane.fuzz $(SECONDS)

SEED ?= 1
fuzz-api: $(TESTS) postgres
	@TONGKE_FUZZ_SECONDS=$(SECONDS) TONGKE_FUZZ_SEED=$(SEED) exec $(VENV)/bin/python -m pytest --timeout=0 tests/rest/fuzz $(ARGS)

lint: $(TESTS) $(MODULES)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@cd client_web && npm run --silent check

# What the server made for itself (var/: secret, CA, certificate) stays.
clean:
	rm -rf $(VENV) client_web/node_modules client_web/dist tests/js/node_modules build *.egg-info \
	  .pytest_cache .hypothesis .ruff_cache .mypy_cache

$(VENV)/bin/python:
	@python=$$(.ci/find-python) && .ci/compiler $$python && echo "Setting up $(VENV) with $$python" && $$python -m venv $(VENV)

$(RUN): pyproject.toml $(CONSTRAINTS) $(wildcard mediaserver/plane/native/*.[ch]) | $(VENV)/bin/python
	@echo "Installing the Python packages"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e .
	@touch $@

$(TESTS): $(RUN)
	@echo "Installing the Python packages of the tests"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[test]'
	@touch $@

$(BENCH): $(RUN)
	@echo "Installing the Python packages of the benchmarks"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[bench]'
	@touch $@

$(MODULES): client_web/package.json client_web/package-lock.json
	@.ci/check-node
	@echo "Installing the packages of the pages"
	@cd client_web && $(NPM_CI)
	@touch $@

$(CLIENT): $(MODULES) $(CLIENT_SOURCES)
	@echo "Building the pages"
	@cd client_web && npm run --silent build
	@touch $@

tests/js/node_modules/.set-up: tests/js/package.json tests/js/package-lock.json
	@.ci/check-node
	@echo "Installing the packages of the JavaScript clients"
	@cd tests/js && $(NPM_CI)
	@touch $@

browser:
	@.ci/browser

postgres:
	@.ci/postgres

redis:
	@.ci/redis
