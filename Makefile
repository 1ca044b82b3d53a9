# Everything a newcomer needs: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
DEMO := demo

.DEFAULT_GOAL := help
.PHONY: help setup setup-test browser demo app test bench clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed  ## Create .venv and install stforecast into it

setup-test: $(VENV)/.installed-test browser  ## The same, with what the tests need

# The tests of the dashboard drive a real browser where there is one, and are skipped where there is none.
browser:
	@if command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "installing chromium for the tests of the dashboard"; \
		(apt-get install --yes --no-install-recommends chromium >/dev/null 2>&1 \
			|| (apt-get update && apt-get install --yes --no-install-recommends chromium) >/dev/null 2>&1) \
			|| echo "note: chromium could not be installed; the tests in a browser are skipped"; \
	else \
		echo "note: no chromium here; the tests in a browser are skipped (apt-get install chromium)"; \
	fi

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

app: setup  ## The dashboard over the demo, or over runs/ if there is no demo
	$(BIN)/stforecast app --runs $$(if [ -d $(DEMO) ]; then echo $(DEMO); else echo runs; fi)

test: setup-test  ## Style, types, arrows and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses auto --dist loadfile --cov --cov-report=term --cov-fail-under=95

bench: setup-test  ## How fast it is, against other ways and the machine's limits: docs/performance.md
	$(BIN)/python -m benchmarks

clean:  ## Remove the environment and the demo
	rm -rf $(VENV) $(DEMO)
