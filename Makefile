# On a machine with git, make and Python 3.11 or later:
#   make demo                        set up, and run the main job on made-up history, offline
#   make test                        set up, and run the tests
#   make report REPOS="path path"    the main job on your own clones

PYTHON ?= python3
VENV ?= .venv
DEMO ?= .demo
SIZE ?= full
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test report lint wheel dictionary exam screenshots clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Quarterdeck needs Python 3.11 or later; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,lint]'
	touch $@

demo: $(READY)
	rm -rf $(DEMO)
	$(BIN)/quarterdeck demo --size $(SIZE) $(DEMO)
	$(BIN)/quarterdeck run --settings $(DEMO)/quarterdeck.toml

test: $(READY)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

report: $(READY)
	@test -n "$(REPOS)" || { echo 'name your clones: make report REPOS="path path"'; exit 2; }
	$(BIN)/quarterdeck run $(REPOS)

# mypy does not follow an editable install: it checks the installed wheel
lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	rm -rf build/lint && $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target build/lint .
	cd build/lint && MYPYPATH=. ../../$(BIN)/mypy --config-file ../../pyproject.toml --namespace-packages --explicit-package-bases -p quarterdeck

wheel: $(READY)
	rm -rf dist build/lib build/bdist*
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

# pictures of a report at three sizes, light and dark, and printed; of the demonstration if it is there
SCREENSHOTS ?= build/screenshots
REPORT ?= $(DEMO)/.quarterdeck/reports/report.html
screenshots: $(READY)
	@test -f "$(REPORT)" || { echo 'no report there; run: make demo, or name one: make screenshots REPORT=path'; exit 2; }
	$(BIN)/python -m benchmarks.screenshots "$(REPORT)" "$(SCREENSHOTS)"

# the page on tables and columns, from the comments in the SQL
dictionary: $(READY)
	$(BIN)/python -m quarterdeck.flows.dictionary > docs/data-dictionary.md

# the scores of the authorship rules, into docs/authorship.md
exam: $(READY)
	$(BIN)/python tests/authorship_exam.py --write

clean:
	rm -rf $(VENV) $(DEMO) build dist *.egg-info
