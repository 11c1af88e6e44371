# `make app` and `make test` are all that a person needs; both install what is missing first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

app: $(VENV)/.app
	$(BIN)/streamlit run streamlit_app.py

# The browser's tests have the machine to themselves: some of them measure.
test: $(VENV)/.test check
	$(BIN)/python -m pytest tests --ignore tests/e2e --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest tests/e2e

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_house.py -p no:cacheprovider

bench: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.e2e.screenshots

$(VENV)/.app: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.test: requirements.txt tests/requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $(VENV)/.app $@

.PHONY: app test check bench screenshots
