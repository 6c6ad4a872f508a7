# Two commands set everything up: `make demo` shows what quanheng does, `make test` shows that it does it right.
# They need Python 3.11 or later, make and git, and write only below this folder.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
SOURCES := $(shell find src -path src/quanheng/city -prune -o \( -name '*.py' -o -name '*.css' -o -name '*.js' \) -print)
PAGES := $(shell find src/quanheng/city \( -name '*.py' -o -name '*.toml' \) -print)
SIMULATOR := $(shell find src/quanheng/work/simulate src/quanheng/measure/power_flow.py -name '*.py')

# One BLAS thread per process: processes share the work, threads would only wait for one another.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1

CITY := --areas 24 --meters 60 --days 180 --seed 7 --struck 0.2
FAULTS := --fault missing:0.005 --fault swap --fault theft --fault stopped --fault step
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --max-worker-restart 0 --timeout 600

.PHONY: help demo test test-all lint bench bench-peers messages lock clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo      样例城市：一次监督、证书、网站 / a sample city: supervised, certified, served as a site'
	@echo 'make test      运行测试 / run the tests'
	@echo 'make test-all  连同长时演练 / with the long drills'
	@echo 'make lint      ruff, mypy, import-linter'
	@echo 'make bench     检出能力与速度 / detection and speed'
	@echo 'make bench-peers  装上对照的软件（另一个环境）/ install the peers of the benchmark, apart'
	@echo 'make messages  网站的英文 / the site in English'
	@echo 'make lock      更新 constraints.txt / pin the versions anew'
	@echo 'make clean     删除以上各命令所建之物 / remove what these commands made'

# Serves in the foreground; Ctrl-C ends it. A browser opens only where there is a display.
demo: demo/home.stamp
	@QUANHENG_HOME='$(CURDIR)/demo/home' QUANHENG_DEMO=1 exec $(BIN)/quanheng serve --open

$(BIN)/python:
	@[ -n '$(PYTHON)' ] || { echo '需要 Python 3.11 或更高版本 / Python 3.11 or later is needed' >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# Each stamp says that a set of dependencies is installed as pyproject.toml and constraints.txt ask for it.
$(VENV)/runtime.stamp: EXTRAS :=
$(VENV)/dev.stamp: EXTRAS := [dev,dask]
$(VENV)/bench.stamp: EXTRAS := [bench]
$(VENV)/%.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.$(EXTRAS)'
	@touch $@

demo/city/truth.parquet: $(VENV)/runtime.stamp $(SIMULATOR)
	rm -rf demo/city
	$(BIN)/quanheng simulate demo/city $(CITY) $(FAULTS) --chain 300

demo/out/report.html: demo/city/truth.parquet $(SOURCES)
	rm -rf demo/out
	$(BIN)/quanheng supervise demo/city/lake --out demo/out --workers $(WORKERS)

demo/home.stamp: demo/out/report.html $(PAGES)
	rm -rf demo/home
	QUANHENG_HOME='$(CURDIR)/demo/home' QUANHENG_DEMO=1 $(BIN)/quanheng sample demo/city --out demo/out --seed 7
	@touch $@

test: $(VENV)/dev.stamp
	$(PYTEST) -m 'not drill'

test-all: $(VENV)/dev.stamp
	$(PYTEST)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/bench.stamp
	for script in bench/*.py; do $(BIN)/python $$script || exit 1; done

# Peers of bench/uncertainty.py, in an environment of their own: some are under the GPL, none is a dependency.
bench-peers: $(VENV)/bench.stamp
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check numpy scipy uncertainties GTC metrolopy noodlelab suncal 'jax<0.11'
	.venv-peers/bin/pip install --quiet --disable-pip-version-check --no-deps uncpy
	.venv-peers/bin/pip install --quiet --disable-pip-version-check pydcc==0.2.33 dcclib==0.4.0

# The words of the site in English: catalogues brought up to date and compiled.
messages: $(VENV)/dev.stamp
	$(BIN)/python tests/house/messages.py

# The header stays; options and addresses that pip-compile may write do not.
lock: $(VENV)/dev.stamp
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --upgrade --all-extras --strip-extras --no-annotate --no-header \
		--output-file $(VENV)/lock.txt pyproject.toml
	{ grep '^#' constraints.txt; grep -E '^[a-z0-9]' $(VENV)/lock.txt; } > $(VENV)/constraints.txt
	mv $(VENV)/constraints.txt constraints.txt

clean:
	rm -rf $(VENV) .venv-peers demo build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests bench -name __pycache__ -prune -exec rm -rf {} +
	rm -rf src/*.egg-info
