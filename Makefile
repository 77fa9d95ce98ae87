# Everything a developer does here. `make` alone lists it.

PYTHON ?= python3
PORT ?= 5000
# Where labelled texts to measure against may be kept; they are no part of the project.
MEASURE_DIR ?= $(or $(COMPANION_MEASURE_DIR),../shared)
# More processes than two cores pay: tests wait for phones and databases. Servers start faster with compiled files kept.
TEST_PROCESSES ?= 4

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset install test check measure bench torture faults lock clean
.DELETE_ON_ERROR:

help: ## List what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## Run everything on this machine, with phones in the browser (PORT=5000)
	@exec $(PY) -m companion demo --port $(PORT)

demo-reset: $(VENV)/.runtime ## The same, forgetting what was there
	@exec $(PY) -m companion demo --port $(PORT) --reset

install: $(VENV)/.runtime ## Install what a service needs to run, and nothing else

test: $(VENV)/.dev ## Run the tests, on SQLite and on PostgreSQL
	@env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest -n $(TEST_PROCESSES) --dist worksteal --durations=15 $(ARGS)

check: $(VENV)/.dev ## Lint, format, types, every text, every place that helps
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m companion content check --on "$$(git log -1 --format=%cs 2>/dev/null || date +%F)"
	$(PY) -m companion signpost check
	@$(MAKE) --no-print-directory measure

measure: $(VENV)/.dev ## Print how well texts are understood, where labelled ones are at hand
	@for part in watchlist:escalation signpost:signposting intent:conversation; do \
	  set -- "$(MEASURE_DIR)/$${part#*:}"/dev_*.jsonl; \
	  if [ -e "$$1" ]; then $(PY) -m companion $${part%%:*} measure "$$@" || exit 1; \
	  else echo "companion $${part%%:*} measure: no labelled texts in $(MEASURE_DIR)/$${part#*:}, not measured"; fi; \
	done

bench: $(VENV)/.dev ## Measure speed and size beside a bare Flask view
	@$(PY) -m bench $(ARGS)

torture: $(VENV)/.dev ## Kill servers and workers while ten thousand texts pass, and compare the ledgers (an hour or two)
	@$(PY) -m tests.torture $(ARGS)

faults: $(VENV)/.dev ## Let a thousand trainees text words of danger while things fail at random, and print how long each waited
	@$(PY) -m tests.safety.faults $(ARGS)

lock: ## Write the lock files anew from pyproject.toml (needs uv)
	@.ci/lock

clean: ## Remove what was installed and generated; the demonstration's data in var/ stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. The stamps say which lock file it was made from; nothing is fetched that the lock does not name.

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null 2>&1 || \
	  { echo "Companion needs Python 3.11 or newer; there is no $(PYTHON). Install it, or name another: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Companion needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1 | head -n 1). Name another: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) lacks its venv module. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.made requirements.lock pyproject.toml
	$(call install,requirements.lock)
	@touch $@

$(VENV)/.dev: $(VENV)/.made requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/.runtime

# The project is built by the setuptools of the lock: pip would otherwise fetch any.
define install
	@echo "Installing what $(1) names; the first time takes a minute or two."
	@$(PIP) install --require-hashes -r $(1) && $(PIP) install --no-deps --no-build-isolation -e . || \
	  { echo "Companion could not be installed; pip says why above."; exit 1; }
endef
