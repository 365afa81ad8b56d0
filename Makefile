# make demo | test | lint | bench | browser | clean
#
# The environment is made in .venv, and its packages are installed again only when pyproject.toml has changed.

PYTHON  ?= python3
WORKERS ?= auto
EXTRAS  ?= test
VENV    := .venv
PY      := $(VENV)/bin/python

# One thread per process: the tests run in several, and small matrices gain nothing from more.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: demo test lint bench browser clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	$(PY) examples/04_polynomial_regression.py

test: $(VENV)/installed-$(EXTRAS)
	$(PY) -m pytest -n $(WORKERS) $(PYTEST_ARGS)

lint: $(VENV)/installed-lint
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: $(VENV)/installed-bench
	$(PY) -m benchmarks $(BENCH_ARGS)

# Debian's Chromium, for the tests of the page; where it is missing, they are skipped.
browser:
	@{ command -v chromium && command -v chromedriver; } >/dev/null || { \
	  as_root=; [ "$$(id -u)" = 0 ] || as_root="sudo -n"; \
	  $$as_root apt-get update -qq && $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
	    --no-install-recommends chromium chromium-driver fonts-dejavu-core; }

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; got $$($(PYTHON) --version 2>&1). Say which: make PYTHON=python3.12"; exit 1; }
	@$(PY) -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-%: $(VENV)/installed
	$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@
