# Two commands on a fresh machine: `make demo` and `make test`. Both set everything up.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: help demo test check cover bench docs soak fmt clean

help:
	@echo "demo   apply example rules, follow an appeal, grade accounts, a child in youth mode, banned actors, an audit"
	@echo "test   run the tests"
	@echo "check  formatting, lint, types, documentation"
	@echo "cover  the tests, with coverage"
	@echo "bench  measure against other engines (needs about an hour)"
	@echo "docs   build the documentation into docs/_build/html"
	@echo "soak   long fuzz and property runs"
	@echo "fmt    format the code"

$(VENV)/python.stamp:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "platgov needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

# What the library needs to run; the package itself is put on the path as it is.
$(VENV)/run.stamp: $(VENV)/python.stamp requirements/run.txt
	$(PIP) -r requirements/run.txt
	@$(BIN)/python -c 'import pathlib, sysconfig; \
	  pathlib.Path(sysconfig.get_path("purelib"), "platgov_src.pth").write_text(str(pathlib.Path("src").resolve()))'
	@touch $@

# Test tools, checkers and extras. The comparison with ICU is built only where its headers are installed.
$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt requirements/oracle.txt pyproject.toml
	$(PIP) -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@if command -v pkg-config >/dev/null && pkg-config --exists icu-i18n && command -v c++ >/dev/null; then \
	  $(PIP) -r requirements/oracle.txt || echo "PyICU does not build here: the comparison with ICU is skipped"; \
	fi
	@touch $@

$(VENV)/bench.stamp: $(VENV)/dev.stamp requirements/bench.txt
	$(PIP) -r requirements/bench.txt
	@touch $@

demo: $(VENV)/run.stamp
	@$(BIN)/python examples/comments/demo.py
	@$(BIN)/python examples/governance/demo.py
	@$(BIN)/python examples/accounts/demo.py
	@$(BIN)/python examples/minors/demo.py
	@$(BIN)/python examples/blacklist/demo.py
	@$(BIN)/python examples/audit/demo.py

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --quiet $(PYTEST)

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) docs

# The tests once more, counting which lines and branches they reach.
cover:
	$(MAKE) test PYTEST="--cov --cov-report=term"

# Under the GPL, so in an environment of its own, which only the benchmark of the ledger talks to.
.venv-pymerkle/python.stamp: requirements/bench-ledger.txt
	$(PYTHON) -m venv .venv-pymerkle
	.venv-pymerkle/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# They want an older pandas, so in an environment of its own as well.
.venv-linkage/python.stamp: requirements/bench-linkage.txt
	$(PYTHON) -m venv .venv-linkage
	.venv-linkage/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench: $(VENV)/bench.stamp .venv-pymerkle/python.stamp .venv-linkage/python.stamp
	$(BIN)/python benchmarks/rules.py
	$(BIN)/python benchmarks/decide.py
	$(BIN)/python benchmarks/ledger.py
	$(BIN)/python benchmarks/accounts.py
	$(BIN)/python benchmarks/names.py
	$(BIN)/python benchmarks/bulk.py
	$(BIN)/python benchmarks/minors.py
	$(BIN)/python benchmarks/spending.py
	$(BIN)/python benchmarks/devices.py
	$(BIN)/python benchmarks/analysis.py
	$(BIN)/python benchmarks/audit.py
	$(BIN)/python benchmarks/blacklist_index.py
	$(BIN)/python benchmarks/revival.py

docs: $(VENV)/dev.stamp
	$(BIN)/python -m sphinx -W -n -q -b html docs docs/_build/html

# Takes hours. Laws that have to have been tried a certain number of times count, and fail below that number.
# PYTEST=tests/test_minors_laws.py runs one file.
soak: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --numprocesses=auto --quiet --hypothesis-profile=soak $(PYTEST)

fmt: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

clean:
	rm -rf $(VENV) .venv-pymerkle .venv-linkage docs/_build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
