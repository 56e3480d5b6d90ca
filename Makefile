# Two commands do everything: `make run` serves the app, `make test` passes the tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_ARGS ?=
DATA ?= ../shared/data
export PYTHONDONTWRITEBYTECODE=

.PHONY: run test install dev browser lint evals corpus-samples embedding screenshots benchmarks licences sbom clean

run: install
	@$(BIN)/vraagbaak corpus releases >/dev/null 2>&1 || $(BIN)/vraagbaak ingest
	@$(BIN)/vraagbaak serve

test: dev browser
	$(BIN)/python -m pytest

install: $(VENV)/installed
dev: $(VENV)/installed-dev

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/installed

# The browser tests drive Debian's chromium, the build without a window where there is one; without either, and without the right to
# install it, they are skipped and say so.
browser:
	@if ! command -v chromium-headless-shell >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && { apt-get install -y -qq chromium-headless-shell fonts-dejavu-core >/dev/null || \
		command -v chromium >/dev/null 2>&1 || apt-get install -y -qq chromium fonts-dejavu-core >/dev/null; }; \
	fi

lint: dev
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

evals: install
	$(BIN)/vraagbaak corpus releases >/dev/null 2>&1 || $(BIN)/vraagbaak ingest
	$(BIN)/vraagbaak evals run --split dev --report

corpus-samples: dev
	$(BIN)/python -m corpus.render

embedding: dev
	$(BIN)/python -m corpus.train_embedding --data $(DATA) --out corpus/embedding

screenshots: dev browser
	$(BIN)/python -m tests.browser.screenshots docs/pictures

benchmarks: dev
	$(BIN)/python -m benchmarks

licences: dev
	$(BIN)/python -m tests.licences > docs/licences.md

sbom: dev
	$(BIN)/cyclonedx-py environment --output-reproducible --of JSON -o sbom.cdx.json $(BIN)/python

clean:
	rm -rf $(VENV) build dist *.egg-info
