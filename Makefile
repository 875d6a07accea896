# make demo   train on MNIST, write its report       make check   format, lint, types, layers, fast tests
# make test   everything but the long proofs         make slow    the long proofs
# make notebooks   execute them anew from their sources   make fuzz   each parser of files, 60 s under atheris
# TORCH=0 leaves out PyTorch and the tests that need it.

PYTHON ?= python3
TORCH ?= 1
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check slow format clean notebooks fuzz

demo: $(VENV)/plot
	$(BIN)/chainrule train mnist
	$(BIN)/chainrule report

test: $(VENV)/dev torch lint
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(VENV)/dev lint
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not thorough"

slow: $(VENV)/dev torch
	$(BIN)/python -m pytest -m slow

notebooks: $(VENV)/dev torch
	$(BIN)/python notebooks/execute.py

# atheris is 35 MB and needs Linux or macOS, so it is no part of the requirements
fuzz: $(VENV)/dev
	$(PIP) atheris==3.0.0
	$(BIN)/python tests/hostile/fuzz.py --seconds 60

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Stamps: remade when the requirements change, else left alone, so that a second run takes seconds.
$(VENV)/base: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "chainrule needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

$(VENV)/plot: $(VENV)/base
	$(PIP) --editable '.[plot]'
	@touch $@

$(VENV)/dev: $(VENV)/base requirements-dev.txt
	$(PIP) --requirement requirements-dev.txt
	@touch $@

ifeq ($(TORCH),0)
torch: $(VENV)/dev
	@echo "TORCH=0: the tests against PyTorch are left out"
export CHAINRULE_TORCH := 0
else
torch: $(VENV)/torch
$(VENV)/torch: $(VENV)/dev requirements-torch.txt
	$(PIP) --requirement requirements-torch.txt
	@touch $@
endif
.PHONY: torch lint

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
