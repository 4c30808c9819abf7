# Every target makes .venv by itself; nothing but Python (3.11 or newer) and make has to be there.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Processes that the tests run in; each has a Temporal server of its own. A file of tests stays in one.
TESTERS ?= 2
PACKAGES := activities clients config examples robots twin worker workflows

.PHONY: browser demo test test-versions prove contract lint format histories docs bench pins clean

demo: $(VENV)/.ready
	$(BIN)/kurun demo

test: lint
	$(BIN)/pytest --numprocesses $(TESTERS) --dist loadfile --no-loadscope-reorder

# The same under every Python that is there; one that is elsewhere: make test PYTHON=/path/to/python VENV=.venv-other
test-versions:
	@for version in 3.11 3.12 3.13; do \
		if python$$version -c '' 2>/dev/null; then $(MAKE) test PYTHON=python$$version VENV=.venv-$$version || exit 1; \
		else echo "python$$version is not here"; fi; done

# Minutes of load, kills and large documents; prints what it measured.
prove: $(VENV)/.ready
	$(BIN)/pytest tests/proof
	$(BIN)/pytest -m long

# The twin held against KuFlow's OpenAPI document at length; `make test` does the same in short.
contract: $(VENV)/.ready
	$(BIN)/python -m tests.contract.run

# Record the histories that the replay tests hold workflows to; only after a change that is meant to be incompatible.
histories: $(VENV)/.ready
	$(BIN)/python -m tests.histories.record

# The tables of activities, of operations, of settings and of workflows, made from the code.
docs: $(VENV)/.ready
	$(BIN)/python -m kurun_activities.reference > docs/activities.md
	$(BIN)/python -m tests.kuflow_calls.coverage > docs/kuflow-api.md
	$(BIN)/python -m kurun_activities.k2.reference > docs/k2-activities.md
	$(BIN)/python -m tests.k2_calls.coverage > docs/k2-api.md
	$(BIN)/python -m tests.operations_page
	$(BIN)/python -m tests.workflows_page

# Chromium for the example robot that drives a browser; its tests skip without it. As root, from Debian's packages.
browser:
	@command -v chromium >/dev/null || { apt-get update --quiet && apt-get install --quiet --yes chromium; }

bench: $(VENV)/.ready
	$(BIN)/python benchmarks/api_call.py
	$(BIN)/python -m benchmarks.worker

lint: $(VENV)/.ready
	$(BIN)/ruff check $(PACKAGES) tests benchmarks
	$(BIN)/ruff format --check $(PACKAGES) tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.ready
	$(BIN)/ruff check --fix $(PACKAGES) tests benchmarks
	$(BIN)/ruff format $(PACKAGES) tests benchmarks

# Hashed pins without the address of any index; run after a change of dependencies in pyproject.toml.
pins: $(VENV)/.ready
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		pyproject.toml -o requirements/kurun.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--all-extras --group dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--group build -o requirements/build.txt
	for extra in k2 otel robotframework robots twin; do \
		$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
			--no-annotate --extra $$extra --constraint requirements/dev.txt \
			$$(sed -n 's/^\([a-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements/kurun.txt) \
			pyproject.toml -o requirements/extras/$$extra.txt || exit 1; done
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		requirements/interop.in -o requirements/interop.txt

$(VENV)/.ready: pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "kurun needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	@echo "installing into $(VENV), once; this takes a minute or two"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf $(VENV) .venv-interop .venv-interop.lock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
