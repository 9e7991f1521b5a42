# Everything runs from .venv, which `make` builds from constraints.txt when it is missing or out of date.
PYTHON ?= python3
CORES ?= 2
BIN := .venv/bin

.PHONY: demo test lint bench format clean

demo: .venv/ready
	$(BIN)/snakemake --cores $(CORES) --config samples=resources/demo/samples.tsv treatments=resources/demo/treatments.tsv outdir=results
	$(BIN)/truncal compare --results results --truth resources/demo/truth
	@echo "Reports: results/cohort/report.html and results/PATIENT/report.html"

test: .venv/ready
	$(BIN)/python -m pytest

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

bench: .venv/ready
	$(BIN)/python -m benchmarks.run $(BENCH)

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/truncal compile
	touch $@

clean:
	rm -rf .venv results build dist
