# One door to everything one does with a checkout. Every target sets up what it needs by itself.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
SHELL := /bin/sh

BIN := .venv/bin
PY := $(BIN)/python
# What a target needs before it can run: .venv, made for this folder, not older than what it is made from.
READY := .venv/.ready
ifneq ($(shell cat $(READY) 2>/dev/null),$(shell pwd -P))
.PHONY: $(READY)
endif

# Options for pytest, for example: make test ARGS="-x tests/unit"; with -n0 in it, in one process
ARGS ?=
# Processes that share the tests. They wait more than they work, so there are more of them than cores.
WORKERS ?= 3

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: $(READY) ## Sell out a concert: the whole platform, 2,000 users, 1,250 seats, and the proof
	@$(BIN)/tiketi demo

.PHONY: test
test: $(READY) ## Run every test (ARGS="..." goes to pytest; ARGS="tests/unit -n0": one process)
	@PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n $(WORKERS) --dist worksteal $(if $(ARGS),$(ARGS),tests --ignore=tests/cluster)

# One cluster, one process: they share its name and ports. It takes minutes before anything is said.
.PHONY: test-cluster
test-cluster: $(READY) ## Try `tiketi cluster` for real: needs docker, kind and kubectl
	@$(PY) -m pytest -n0 -p no:randomly -o faulthandler_timeout=0 tests/cluster $(ARGS)

# The users and the seconds that the waiting room promises to bear; smaller ones are in `make test`.
.PHONY: test-crowd
test-crowd: $(READY) ## Prove the waiting room at full size: 5,000 users, a replica killed, Valkey gone for 5 s
	@TIKETI_CROWD=5000 TIKETI_VALKEY_GONE_S=5 $(PY) -m pytest -n0 tests/integration/queue/test_replicas.py $(ARGS)

.PHONY: check
check: $(READY) ## Formatting, lint, types, import directions, generated code and reference, sizes
	@failed=; run() { "$$@" || failed="$$failed $$what"; }; \
	what=format; run $(PY) -m ruff format --check --quiet --output-format concise .; \
	what=lint; run $(PY) -m ruff check --quiet --output-format concise .; \
	what=types; run $(PY) -m mypy --no-error-summary; \
	what=imports; run $(BIN)/lint-imports --config pyproject.toml --no-logo; \
	what=sync-twin; run $(PY) tools/unasync.py --check; \
	what=reference; run $(PY) -m tools.reference --check; \
	what=sizes; run $(PY) tools/check_sizes.py; \
	if [ -n "$$failed" ]; then echo "make check: red:$$failed" >&2; exit 1; fi; \
	echo "make check: green"

.PHONY: bench
bench: $(READY) ## Measure against the floors of this machine; prints a table, writes bench-*.json
	@$(PY) -m tools.bench $(ARGS)

.PHONY: format
format: $(READY) ## Format the code and apply the lint fixes that are safe
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

.PHONY: lock
lock: $(READY) ## Choose versions anew: constraints.txt, and of it what the image takes
	@PATH="$$PWD/$(BIN):$$PATH"; command -v uv >/dev/null || \
	  { echo "make lock needs uv: see docs.astral.sh/uv" >&2; exit 1; }; \
	compile() { env -u PIP_CONSTRAINT uv pip compile -q --universal --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	  --python-version 3.11 pyproject.toml "$$@"; }; \
	compile --all-extras -o constraints.txt && \
	  compile --extra server --extra aws -c constraints.txt -o platform/requirements.txt

.PHONY: clean
clean: ## Remove everything that make and the tools left here, .venv included
	@rm -rf .venv build dist htmlcov .coverage .coverage.* .hypothesis bench-*.json \
	  .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): constraints.txt pyproject.toml tools/environment.sh
	@tools/environment.sh
	@pwd -P > $(READY)
