# make help lists the targets. Python 3.11 or newer is all that is needed; everything is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-frameworks test-launchers multi-node metering-nodes architecture check lint types layers docs packaging bench bench-serve bench-peers metering tracking faults faults-peers faults-by-kind journals many-runs compaction million-runs team-ledger lock sbom accuracy priors reports calculator notebooks schemas panel proof clean readme pictures models readers launchers names notice facts fact-sample first-steps screens grafana

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The toy is planned for the processor, so GPUs are hidden from its meters, and for one thread, because its matrices are small.
# The facts and runs of the user are neither read nor changed.
demo: export CARBON_DB := .venv/demo/facts
demo: export CUDA_VISIBLE_DEVICES :=
demo: export ROCR_VISIBLE_DEVICES :=
demo: export OPENBLAS_NUM_THREADS := 1
demo: $(READY) ## estimate a training, look for better ways, plan and meter a small one on this machine, compare the model with published runs
	@mkdir -p .venv/demo/facts
	$(BIN)/carbon estimate --params 530e9 --tokens 270e9 --hw dgx-a100
	$(BIN)/carbon advise reports/mt-nlg-530b.toml
	$(BIN)/carbon bench --quick --force --library numpy
	$(BIN)/carbon estimate examples/toy.toml
	$(BIN)/carbon track --plan examples/toy.toml --store .venv/demo/runs --interval 1 -- $(BIN)/python examples/train_numpy.py --layers 2 --hidden 64 --heads 2 --seq-len 64 --steps 120
	$(BIN)/carbon validate

test: $(READY) ## run the tests and the examples in the docstrings
	@$(BIN)/python -m pytest -n auto -q

test-launchers: $(READY) ## run real launchers on four machines made here: Slurm, Open MPI, torchrun (as root; 6 minutes)
	@$(MAKE) --no-print-directory .venv-launchers/ready || echo "torch and ray cannot be had: the tests with them are skipped"
	@CARBON_TEST_LAUNCHERS=$(CURDIR)/.venv-launchers $(BIN)/python -m pytest -q tests/launchers || \
	 { echo "== what failed is tried once more, alone: daemons start late on a busy machine"; \
	   CARBON_TEST_LAUNCHERS=$(CURDIR)/.venv-launchers $(BIN)/python -m pytest -q --last-failed tests/launchers; }

test-frameworks: ## run the callbacks in the frameworks that they are for (Hugging Face, Lightning, Keras, Ray), and the sinks with their libraries (6 minutes, 3 GB)
	@if $(MAKE) --no-print-directory .venv-frameworks/ready; then \
	 KERAS_BACKEND=jax .venv-frameworks/bin/python -m pytest -n 2 --dist loadfile -q -o filterwarnings=default tests/frameworks tests/tracking/sinks && \
	 KERAS_BACKEND=torch .venv-frameworks/bin/python -m pytest -q -o filterwarnings=default tests/frameworks/test_keras.py; \
	 else echo "the frameworks cannot be had: the tests with them are skipped"; fi

grafana: $(READY) ## write what Prometheus answers to the queries of the dashboard into docs/frameworks.md anew (needs Prometheus; a minute)
	@$(BIN)/python docs/grafana.py

multi-node: $(READY) ## write what comes out of each launcher into docs/multi-node.md anew (as root; 8 minutes, a quiet machine)
	@$(MAKE) --no-print-directory .venv-launchers/ready || echo "torch and ray cannot be had: what needs them is left out"
	@$(BIN)/python docs/multi_node.py

metering-nodes: $(READY) .venv-peers/ready ## how far off tools are on four machines with eight ranks each, ours and others' (as root; 6 minutes)
	@$(BIN)/python benchmarks/multi_node.py --peers .venv-peers

check: lint types layers docs packaging ## run every check but the tests

lint: $(READY) ## style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY) ## static types
	$(BIN)/mypy

layers: $(READY) ## which module may import which
	$(BIN)/lint-imports --no-logo

architecture: $(READY) ## draw the packages and their imports into docs/architecture.md
	@$(BIN)/python docs/architecture.py

readers: $(READY) ## write the table of formats that can be imported into docs/readers.md
	@$(BIN)/python docs/readers.py

launchers: $(READY) ## write the table of launchers into docs/launchers.md
	@$(BIN)/python docs/launchers.py

models: $(READY) ## write the table of known models into docs/models.md
	@$(BIN)/python docs/models.py

facts: $(READY) ## count the facts by kind and age, compare rents and regions, into docs/facts.md
	@$(BIN)/python docs/facts.py

SEED ?= 1
SIZE ?= 60
fact-sample: $(READY) ## draw facts by a seed, to look each up in its source (SEED=1 SIZE=60)
	@$(BIN)/python benchmarks/fact_sample.py --seed $(SEED) --size $(SIZE)

notice: $(READY) ## write NOTICE from the licences in the bibliography
	@$(BIN)/python docs/notice.py

docs: $(READY) ## run the commands and the code of the documentation, follow its links
	@$(BIN)/python -m pytest -q tests/docs

packaging: $(READY) ## build the wheel and use it alone, with each Python that is here
	@PYTHON=$(BIN)/python bash tests/packaging/smoke.sh

first-steps: $(READY) ## record what a plain installation shows into docs/first-steps.md
	@PYTHON=$(BIN)/python bash tests/packaging/smoke.sh docs/first-steps.md

bench: $(READY) ## start-up and throughput against their targets
	@$(BIN)/python -m compileall -q src
	@$(BIN)/python benchmarks/startup.py
	@$(BIN)/python benchmarks/estimates.py
	@$(BIN)/python benchmarks/layouts.py
	@$(BIN)/python benchmarks/report.py
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/calibrate.py

bench-serve: $(READY) ## the web app against its targets, with 100,000 runs (5 minutes)
	@$(BIN)/python -m compileall -q src
	@$(BIN)/python benchmarks/serve.py

bench-peers: $(READY) .venv-peers/ready ## the same beside codecarbon, landauer-gap and llm-analysis
	@$(BIN)/python -m compileall -q src
	@$(BIN)/python benchmarks/startup.py --peers .venv-peers
	@$(BIN)/python benchmarks/estimates.py --peers .venv-peers

metering: $(READY) .venv-peers/ready ## how far meters are from exact integrals, ours and others' (15 minutes)
	@$(BIN)/python benchmarks/metering.py --peers .venv-peers

tracking: $(READY) .venv-peers/ready ## what tracking itself costs, beside other tools (5 minutes)
	@$(BIN)/python -m compileall -q src
	@$(BIN)/python benchmarks/tracking.py --peers .venv-peers

EVERY ?= 1
faults: $(READY) ## kill runs, fail drivers, damage journals and indexes: nothing may be lost without a word (EVERY=8: a part of it)
	@$(BIN)/python benchmarks/faults.py --every $(EVERY)

faults-peers: $(READY) .venv-peers/ready ## the same faults for carbon and for other tools, where they can be put through them (an hour; EVERY=8: a part of it)
	@$(BIN)/python benchmarks/faults_peers.py --peers .venv-peers --every $(EVERY)

faults-by-kind: $(READY) ## the same in more detail: what each kill, each fault of NVML and each kind of damage does
	@$(BIN)/python benchmarks/kills.py
	@$(BIN)/python benchmarks/nvml_faults.py
	@$(BIN)/python benchmarks/damage.py
	@$(BIN)/python benchmarks/takeovers.py

journals: $(READY) ## what a journal of weeks costs: bytes, time and memory (10 minutes)
	@$(BIN)/python benchmarks/journals.py

many-runs: $(READY) ## what 40,000 runs cost: import, first list, later list, list without an index (a minute)
	@$(BIN)/python -m compileall -q src
	@$(BIN)/python benchmarks/many_runs.py

compaction: $(READY) ## pack 300 node-days of journals: bytes, speed, the same joules, energy by project and month (20 minutes, 4 GB)
	@$(BIN)/python -m compileall -q src
	@$(BIN)/python benchmarks/compaction.py

million-runs: $(READY) ## what a million runs at rest cost: first index, list, show, report, calibrate (an hour, 10 GB)
	@$(BIN)/python -m compileall -q src
	@$(BIN)/python benchmarks/million_runs.py

team-ledger: $(READY) ## a team's ledger on PostgreSQL: 200 writers while it is killed, a million runs (5 minutes, 6 GB)
	@$(BIN)/python -m compileall -q src
	@$(BIN)/python benchmarks/team_ledger.py

accuracy: $(READY) ## write docs/accuracy.md anew, and how often intervals were right, for the report
	$(BIN)/carbon validate --markdown --quiet > docs/accuracy.md
	$(BIN)/python benchmarks/coverage.py > src/traincarbon/reporting/decision/coverage.json

# The user's own facts stay out of the examples, so that they are the same wherever they are made.
REPORT := env -u CARBON_DB XDG_CONFIG_HOME=/nonexistent $(BIN)/carbon report

reports: $(READY) ## write the example reports anew from the plans and runs beside them
	@rm -f reports/*.html
	@for plan in reports/*.toml; do $(REPORT) "$$plan" -o "$${plan%.toml}.html" || exit 1; done
	@$(REPORT) reports/portfolio.csv --title "A year of training, invented to show the page" -o reports/portfolio.html

calculator: $(READY) ## write the calculator in docs anew: one page that computes estimates offline
	@env -u CARBON_DB XDG_CONFIG_HOME=/nonexistent $(BIN)/carbon calculator -o docs/calculator.html --force

notebooks: $(READY) ## run the notebooks and keep in them what came out (a quiet machine, a minute)
	@$(BIN)/python notebooks/execute.py

names: $(READY) ## write the index of the names of hardware and the table of spellings anew
	$(BIN)/python -m traincarbon.database.names
	@$(BIN)/python docs/names.py

priors: $(READY) ## fit the priors of utilisation and power, and the scatter between teams, to the published runs anew
	$(BIN)/python -m traincarbon.published.step_efficiency
	$(BIN)/python -m traincarbon.published.priors
	$(BIN)/python -m traincarbon.published.spreads

schemas: $(READY) ## write the JSON Schemas of docs/schemas anew
	@$(BIN)/python -m traincarbon.schemas docs/schemas

readme: $(READY) ## run the commands of README and write what they print below them
	@$(BIN)/python docs/outputs.py

panel: $(READY) ## draw the picture of the live panel anew
	$(BIN)/python benchmarks/panel.py docs/images/panel.svg

pictures: reports panel ## draw the pictures of the documentation anew: the top of a report in headless Chromium, and the live panel
	$(BIN)/python docs/screenshot.py reports/mt-nlg-530b.html docs/images/report.png
screens: $(READY) ## draw the pictures of the estimate at 60, 80 and 120 columns anew
	$(BIN)/python benchmarks/screens.py docs/images

proof: $(READY) ## bench this machine, calibrate on four small trainings, predict two more (8 minutes, a quiet machine)
	@$(BIN)/python examples/proof.py

lock: ## write the hashes of the versions in constraints.txt into requirements.lock
	@$(PYTHON) tests/packaging/lock.py

sbom: $(READY) ## write a bill of materials in CycloneDX to dist/traincarbon.cdx.json
	@$(BIN)/python tests/packaging/sbom.py dist/traincarbon.cdx.json

clean: ## remove what was installed and built
	rm -rf .venv .venv-frameworks .venv-launchers .venv-peers dist

# Installed once, and again when the list of packages changes: exactly the files whose hashes the lock has (make lock).
# Of the package that ships axe-core the tests take that script alone: the browser driver that it depends on stays out.
$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv
	@echo "installing into .venv: about a minute"
	@$(BIN)/python -m pip install -qq --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src
	@touch $@

.venv-peers/ready:
	@$(PYTHON) -m venv .venv-peers
	@echo "installing the peers into .venv-peers"
	@.venv-peers/bin/python -m pip install -qq codecarbon landauer-gap llm-analysis carbontracker zeus
	@touch $@

# torch without CUDA comes from an index of its own; the one with CUDA would take several gigabytes more.
.venv-launchers/ready: tests/launchers/constraints.txt
	@$(PYTHON) -m venv .venv-launchers
	@echo "installing torch and ray into .venv-launchers: a minute, 1.2 GB"
	@.venv-launchers/bin/python -m pip install -qq --no-deps --retries 1 --extra-index-url https://download.pytorch.org/whl/cpu $$(grep ^torch tests/launchers/constraints.txt)
	@.venv-launchers/bin/python -m pip install -qq -r tests/launchers/constraints.txt
	@.venv-launchers/bin/python -m pip install -qq --no-deps --target .venv-launchers/jobqueue dask-jobqueue==0.9.0
	@touch $@

# The package itself is installed as its users have it, so that its entry points are there.
.venv-frameworks/ready: pyproject.toml tests/frameworks/constraints.txt
	@$(PYTHON) -m venv .venv-frameworks
	@echo "installing torch and the frameworks into .venv-frameworks: two minutes, 3 GB"
	@.venv-frameworks/bin/python -m pip install -qq --no-deps --retries 1 --extra-index-url https://download.pytorch.org/whl/cpu $$(grep ^torch== tests/frameworks/constraints.txt)
	@.venv-frameworks/bin/python -m pip install -qq -r tests/frameworks/constraints.txt
	@.venv-frameworks/bin/python -m pip install -qq -e .
	@touch $@
