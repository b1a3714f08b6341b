# Each target sets up what it needs; the environment is made from hash-pinned files and made anew when they change.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
STORY  ?= promote

.DEFAULT_GOAL := help
.PHONY: help demo test run lint format lock story packages clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 14

$(READY): requirements/dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, found " + sys.version)'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	@touch $(READY)

demo: $(READY) ## the whole thing on local stand-ins; prints one address to open in a browser
	$(BIN)/python -m sandbox demo

story: $(READY) ## one story driven through the same processes, as a transcript: make story STORY=promote (or list)
	@$(BIN)/python -m sandbox story $(STORY)

test: $(READY) packages ## every test, three files at a time
	$(BIN)/python -m pytest -n 3 --dist loadfile

run: $(READY) ## production: the Procfile, with settings from the environment or .env
	$(BIN)/honcho start

lint: $(READY) ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

packages: # what a full test run wants from Debian; where it cannot be installed, those tests are skipped by name
	@sh .ci/packages

lock: ## pin the dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q pyproject.toml -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q pyproject.toml --group dev -o requirements/dev.txt

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .sandbox
