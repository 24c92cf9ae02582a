# The two commands of the README are `make demo` and `make test`; everything else serves those who work on the code.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: bench-linkage demo test lint venv venv-dev lock fixtures neo4j neo4j-stop clean
.DEFAULT_GOAL := help

help:  ## what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

venv: $(VENV)/.run  ## the virtual environment a user needs
venv-dev: $(VENV)/.dev  ## the virtual environment a developer needs

$(VENV)/.uv: 
	@sh tools/venv.sh $(PYTHON) $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.uv requirements/run.lock pyproject.toml
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements/run.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements/dev.lock
	@touch $@

demo: $(VENV)/.run  ## make the fixtures, run a whole study on them, say where to look
	@$(BIN)/python -m fixtures.make demo --out fixtures/demo
	@$(BIN)/doselink run fixtures/demo/study.yaml --workspace demo-study

test: $(VENV)/.dev  ## everything the project promises, with a real Neo4j
	@sh tools/with-neo4j.sh $(BIN)/python -m pytest

lint: $(VENV)/.dev  ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench-linkage: $(VENV)/.dev  ## this engine beside Splink 5 and recordlinkage; an hour, 12 GiB of memory
	@$(BIN)/python -m bench linkage --data bench-results/data --json bench-results/linkage.json

fixtures: $(VENV)/.run  ## write the committed fixtures anew from their seeds
	@$(BIN)/python -m fixtures.make tiny --out fixtures/tiny
	@$(BIN)/python -m fixtures.make persons --out fixtures/persons

neo4j: $(VENV)/.dev  ## start a real Neo4j for development (no Docker)
	@sh tools/neo4j.sh start

neo4j-stop:  ## end it
	@sh tools/neo4j.sh stop

lock: $(VENV)/.uv  ## resolve the locked environments again
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 pyproject.toml --output-file requirements/run.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 pyproject.toml --group dev --constraint requirements/run.lock --output-file requirements/dev.lock

clean:  ## remove everything that was made
	rm -rf $(VENV) .neo4j demo-study fixtures/demo
