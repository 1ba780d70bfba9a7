# Presence Bridge. Needs Python 3.11+ and make; everything else is brought into .venv.
#@ PYTHON=python3.12   another interpreter
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run setup fetch test test-long test-all test-again unit container e2e check format bench lock clean
.DEFAULT_GOAL := run

help:                         ## what can be made, and the arguments
	@echo "make WHAT [NAME=VALUE ...]"; echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s%s\n", $$1, $$2}' Makefile
	@echo; echo "Arguments:"
	@sed -n 's/^#@ /  /p' Makefile

# What make is given as NAME=VALUE is in the environment of what it runs.
#@ PERSON=dorothea     run: who sits at the chat (PERSON= lists the names)
#@ PORT=3978           run: port of the bot and its pages
#@ PANEL_PORT=3979     run: port of the sandbox panel
#@ CHAT_PORT=56150     run: port of the chat client
#@ METRICS_PORT=3980   run: port of the metrics; 0 lets the system choose
#@ DATA_DIR=.data      run: folder of the local data; two runs at once need one each
run: $(VENV)/runtime          ## the whole product on this machine, with stand-ins for Microsoft and Zoom
	@# Ctrl-C reaches it as SIGTERM: while Python itself starts, that is an end without a traceback.
	@# One that comes before $$pid is known is kept in $$end.
	@trap 'end=1; kill -TERM $$pid 2>/dev/null' INT TERM HUP; end=; pid=; $(BIN)/python app.py local \
	  $${PERSON+--as "$$PERSON"} $${PANEL_PORT+--sandbox-port "$$PANEL_PORT"} \
	  $${CHAT_PORT+--chat-port "$$CHAT_PORT"} & pid=$$!; \
	[ -z "$$end" ] || kill -TERM $$pid 2>/dev/null; \
	while :; do wait $$pid; code=$$?; kill -0 $$pid 2>/dev/null || exit $$code; done

setup: $(VENV)/runtime        ## a guided set-up for your organisation: writes .env and the Teams package
	@$(BIN)/python app.py setup

# Without running scripts of packages, and without our environment (sandbox/npm.py).
# Downloaded before the tests, whose time limits are for what they test. Without npm, or when a
# download fails, the tests that need it are skipped.
fetch: $(VENV)/runtime
	@for folder in sandbox/playground sandbox/renderer tests/e2e/axe; do \
	  command -v npm >/dev/null && [ ! -e $$folder/node_modules/.package-lock.json ] && { \
	    echo "Fetching $$folder (once; some minutes on a slow line) ..."; \
	    $(BIN)/python -m sandbox.npm $$folder || rm -rf $$folder/node_modules; }; \
	done; true

# What Python compiles is kept: to compile the tests anew takes each process ten seconds.
test test-long test-again unit e2e: export PYTHONDONTWRITEBYTECODE :=
#@ EXAMPLES=many       test, test-long, test-all: more examples, and commands of app.py are started, not forked
EXAMPLES ?= quick
test test-long test-again unit: export EXAMPLES := $(EXAMPLES)
# More than two cores: the slow tests wait for processes and browsers, the long ones more so. A file
# stays in one.
#@ WORKERS=3           test, test-long: processes that run tests at the same time (test-long: 4)
WORKERS ?= 3
test-long: WORKERS := 4
SOME_TESTS = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test: $(VENV)/dev fetch       ## the tests of every day; the real chat client needs Node and Chromium
	$(SOME_TESTS) -m 'not container and not long'

#@ CHAOS=full          test-long, test-all: faults for longer, and more people
#@ THOROUGH=1          test-long, test-all: the product in Python's development mode, in twice the time
test-long: $(VENV)/dev fetch  ## what `make test` leaves out: chaos, many people, journeys in the browser
	$(SOME_TESTS) -m 'not container and long'

test-all: test                ## both, one after the other; CI runs them
	@$(MAKE) --no-print-directory test-long

test-again: $(VENV)/dev fetch ## what failed last, one at a time
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none

unit: $(VENV)/dev             ## the tests of pure logic (marked unit), some seconds
	$(BIN)/python -m pytest -n 2 -q -m unit $$(grep -rl 'pytest.mark.unit' tests --include='test_*.py')

container: $(VENV)/dev        ## build the image and run it (root, buildah, mmdebstrap)
	$(BIN)/python -m pytest -m container tests/container

e2e: $(VENV)/dev fetch        ## the tests in the real chat client, with pictures in build/screenshots
	PICTURES=1 $(BIN)/python -m pytest -m e2e

check: $(VENV)/dev            ## format, lint, types, import rules, Containerfile, links of pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Containerfile
	$(BIN)/python -m tests.docs.links

format: $(VENV)/dev           ## put the code into its one layout
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev            ## measure; prints one table
	$(BIN)/python -m bench

lock:                         ## pin the requirements anew (needs uv)
	uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" pyproject.toml -o requirements.txt
	uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" pyproject.toml --group dev \
	  -c requirements.txt -o requirements-dev.txt

clean:                        ## remove everything that was made here, local data included
	rm -rf .venv .data build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: requirements.txt | $(VENV)/bin/python
	@echo "Installing what Presence Bridge needs into $(VENV) (once; about a minute) ..."
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@touch $@

$(VENV)/dev: requirements-dev.txt $(VENV)/runtime
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@
