# funnelsim: `make` prints this help.
#
# Needs only Python >= 3.11 (with venv) and make. Everything is installed into .venv, from constraints.txt.

# --- what the targets run: edit here ---------------------------------------------------------------

RUN_COMMAND     = $(BIN)/funnelsim compare staffing --out results/
BENCH_COMMAND   = $(BIN)/python -m benchmarks
TARGETS_COMMAND = $(BIN)/python -m tests.validation.report
CLAIMS_COMMAND  = $(BIN)/python -m tests.claims.report

PYTHON ?= python3

# ---------------------------------------------------------------------------------------------------

SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
RUN_EXTRAS := [fast,parquet]
BIN := $(VENV)/bin
# installed again when one of these files changes, or when the folder has moved
SUM := $(shell { pwd; cat pyproject.toml constraints.txt Makefile; } | cksum | cut -d' ' -f1)
RUN_STAMP := $(VENV)/.run-$(SUM)
TEST_STAMP := $(VENV)/.test-$(SUM)

# so that packages are byte-compiled, and nothing outside .venv is imported
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
unexport PYTHONHOME
unexport VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help run lab notebooks kernel bench targets claims test lint format types imports pytest fast notebooks-test wheel-test \
	install install-run lock clean distclean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

# --- for everyone ----------------------------------------------------------------------------------

run: $(RUN_STAMP) ## the main answer: the shipped study, pictures and report in results/
	$(RUN_COMMAND)

test: lint types imports pytest notebooks-test wheel-test ## everything that is checked automatically

lab: $(TEST_STAMP) ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

targets: $(TEST_STAMP) ## measure the base world against published results
	$(TARGETS_COMMAND)

claims: $(TEST_STAMP) ## measure every claim, with its mechanism on and off
	$(CLAIMS_COMMAND)

bench: $(TEST_STAMP) ## how fast the engine is on this machine
	$(BENCH_COMMAND)

# --- for developers --------------------------------------------------------------------------------

lint: $(TEST_STAMP) ## style: ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(TEST_STAMP) ## let ruff mend and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(TEST_STAMP) ## types: mypy
	$(BIN)/mypy

imports: $(TEST_STAMP) ## floors: import-linter
	$(BIN)/lint-imports

pytest: kernel ## all tests but notebooks and wheel, on all processors
	$(BIN)/python -m pytest -n auto --dist worksteal --ignore=tests/unit/test_wheel.py

fast: $(TEST_STAMP) ## the tests that take seconds
	$(BIN)/python -m pytest -m "not slow and not verification and not validation"

# what is compared was computed now, not read from the results store
notebooks notebooks-test: export FUNNELSIM_STORE = off

notebooks-test: kernel ## run every notebook and compare its outputs, two at a time
	find notebooks -name '*.ipynb' -not -path '*/.ipynb_checkpoints/*' | sort | xargs -n 2 -P 2 \
		$(BIN)/python -m pytest -q -p no:cacheprovider -p nbval.plugin --nbval --nbval-current-env --nbval-cell-timeout=300 \
		--nbval-sanitize-with=tests/nbval.cfg

wheel-test: $(TEST_STAMP) ## build the wheel, install it elsewhere, load a scenario from it
	$(BIN)/python -m pytest tests/unit/test_wheel.py

notebooks: kernel ## run all notebooks again and store their outputs
	$(BIN)/jupyter nbconvert `find notebooks -name '*.ipynb' -not -path '*/.ipynb_checkpoints/*' | sort` \
		--to notebook --execute --inplace --ExecutePreprocessor.store_widget_state=False --ExecutePreprocessor.record_timing=False --ExecutePreprocessor.timeout=600

kernel: $(TEST_STAMP) ## compile the fast engine, if it never was
	$(BIN)/python -c "from funnelsim.engines.compiled.compiling import kernel; kernel()"

lock: ## choose versions again (needs uv): writes constraints.txt
	uv pip compile pyproject.toml --all-extras --universal --upgrade --no-header --no-annotate -o constraints.txt

clean: ## remove results and caches
	rm -rf results build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests notebooks scenarios \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -prune -exec rm -rf {} +

distclean: clean ## also remove .venv
	rm -rf $(VENV)

# --- .venv -----------------------------------------------------------------------------------------

install: $(TEST_STAMP) ## .venv with everything the tests and notebooks need
install-run: $(RUN_STAMP) ## .venv with what `make run` needs

# $(1): extras, $(2): stamps that are out of date now, $(3): stamps that hold now
define fill-venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "funnelsim needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test "`cat $(VENV)/.place 2>/dev/null`" = "`pwd`" && $(BIN)/python -c '' 2>/dev/null || \
		{ $(PYTHON) -m venv --clear $(VENV) && pwd > $(VENV)/.place; }
	@echo "installing funnelsim$(1) into $(VENV) (once; up to a minute) ..."
	@if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(BIN)/python --compile-bytecode -c constraints.txt -e '.$(1)'; \
	else \
		$(BIN)/python -m pip install --quiet --no-input -c constraints.txt -e '.$(1)'; \
	fi
	@rm -f $(2)
	@touch $(3)
endef

$(RUN_STAMP):
	$(call fill-venv,$(RUN_EXTRAS),$(VENV)/.run-* $(VENV)/.test-*,$(RUN_STAMP))

$(TEST_STAMP):
	$(call fill-venv,[test],$(VENV)/.run-* $(VENV)/.test-*,$(RUN_STAMP) $(TEST_STAMP))
