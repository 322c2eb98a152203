# Two commands from a bare machine: `make demo` runs the main job, `make test` runs every test.
# Both build their own virtual environment first; Python 3.11 or newer with venv is all they need.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test oldest check format golden clean help

help:           ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

demo: $(VENV)/demo.stamp     ## render, degrade, label, train, evaluate, check: the whole loop (under 10 minutes)
	$(BIN)/imagegate demo --out demo

test: $(VENV)/test.stamp     ## run every test, on all cores
	$(BIN)/python -m pytest -n auto --dist loadfile

check: $(VENV)/test.stamp    ## format check, lint, types, tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile

format: $(VENV)/test.stamp   ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

oldest: $(VENV)/test.stamp   ## run the tests that read scikit-learn's trees with the oldest release allowed
	$(PIP) install --target $(VENV)/oldest --upgrade --no-deps 'scikit-learn==1.6.0'
	PYTHONPATH=$(VENV)/oldest $(BIN)/python -m pytest tests/models/test_forest.py tests/training/test_fit.py

golden: $(VENV)/test.stamp   ## rewrite the golden values; explain the diff in the change log
	$(BIN)/python tests/golden/make.py

clean:          ## remove the environment and the demo
	rm -rf $(VENV) demo

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: pyproject.toml | $(VENV)/bin/python
	@echo "installing imagegate with its training and OCR extras into $(VENV) ..."
	$(PIP) install -e '.[train,ocr]'
	@touch $@

$(VENV)/test.stamp: pyproject.toml | $(VENV)/bin/python
	@echo "installing imagegate with every extra and the test tools into $(VENV) ..."
	$(PIP) install -e '.[all,dev]'
	@touch $@
