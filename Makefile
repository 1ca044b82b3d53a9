# Everything a newcomer needs: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
DEMO := demo

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed  ## Create .venv and install stforecast into it

setup-test: $(VENV)/.installed-test  ## The same, with what the tests need

$(BIN)/python:
	@echo "creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing stforecast into $(VENV); the first time takes a few minutes"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing stforecast and its test tools into $(VENV); the first time takes a few minutes"
	@$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/.installed

demo: setup  ## Sample data, training, scores, a forecast and its maps, in a few minutes
	@rm -rf $(DEMO)
	$(BIN)/stforecast sample weatherbench $(DEMO)/data
	$(BIN)/stforecast train weatherbench --data $(DEMO)/data --config docs/demo.toml --run $(DEMO)/run
	$(BIN)/stforecast evaluate $(DEMO)/run
	$(BIN)/stforecast forecast $(DEMO)/run --input $(DEMO)/data --output $(DEMO)/forecast.nc \
		--figures $(DEMO)/figures

test: setup-test  ## Style, types, arrows and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses auto --dist loadfile --cov --cov-report=term --cov-fail-under=95

clean:  ## Remove the environment and the demo
	rm -rf $(VENV) $(DEMO)
