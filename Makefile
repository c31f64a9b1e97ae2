# make run    sets everything up, starts Linli, prints where its pages are
# make test   what a change must pass
# Every target begins with setup, which does nothing where nothing has changed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
.PHONY: run setup test bench score chaos faketime lint types nlu-test model chromium clean diagram pictures guide doctor linking messages matters sizing audit

# An activated environment must not find its way into ours, and Rasa phones home unless told not to.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME CONDA_PREFIX
export RASA_TELEMETRY_ENABLED := false

PYTHON := 3.11
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)

run: setup
	.venv/bin/linli run

setup: .venv/.ready nlu/.venv/.ready

# --- the two environments ---

.venv/.ready: requirements.lock pyproject.toml | uv
	@test -x .venv/bin/python || "$(UV)" venv --clear --python $(PYTHON) .venv
	"$(UV)" pip sync --python .venv --require-hashes requirements.lock
	"$(UV)" pip install --python .venv --no-deps --no-build-isolation --quiet -e .
	@touch $@

nlu/.venv/.ready: nlu/requirements.lock | uv
	@test -x nlu/.venv/bin/python || "$(UV)" venv --clear --python $(PYTHON) nlu/.venv
	"$(UV)" pip sync --python nlu/.venv --require-hashes nlu/requirements.lock
	@touch $@

# Where uv is missing, pip puts it into a folder of ours: systems that guard their own Python allow that.
# Where pip is missing too, a private environment has one.
.PHONY: uv
ifeq ($(UV),.uv/bin/uv)
uv: .uv/bin/uv
endif
.uv/bin/uv:
	@echo "uv is not installed; putting it into .uv/"
	@python3 -m pip install --quiet --target .uv uv \
		|| { rm -rf .uv && python3 -m venv .uv && .uv/bin/python -m pip install --quiet uv; } \
		|| { echo "uv could not be installed: install it yourself, then run make again" >&2; exit 1; }

# --- checks ---

test: setup chromium lint types model nlu-test
	.venv/bin/pytest

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

types: setup
	.venv/bin/mypy

model: setup
	cd nlu && .venv/bin/python -m train

nlu-test: model
	cd nlu && .venv/bin/python -m pytest

# The pages are tested in a real browser, with fonts that have the characters.
chromium:
	@if ! { command -v chromium && fc-list 2>/dev/null | grep -q NotoColorEmoji; } >/dev/null \
		&& [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium fonts-noto-cjk fonts-noto-color-emoji </dev/null || true; \
	fi
	@if ! command -v chromium >/dev/null; then \
		echo "The tests of the pages need Chromium, and it could not be installed: as root, install the" \
			"packages chromium, fonts-noto-cjk and fonts-noto-color-emoji." >&2; \
		[ "$${CI:-}" != true ]; \
	fi

# Holes that can be seen without running anything; says what it could not look at, for want of a network.
audit: setup
	.venv/bin/python audit/run.py

# --- measures: bench/report.json and nlu/reports/score.md ---

# QUICK=1 has a look at all of it in two minutes, and writes nothing.
bench: setup model
	.venv/bin/python -m bench.run $(if $(QUICK),--quick)

# SHARED= folder of the measuring text, SAMPLE= messages of a source, PICTURES=1 copies the plots into docs/pictures.
score: setup model
	.venv/bin/python bench/score.py $(if $(SHARED),--shared "$(SHARED)") $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(PICTURES),--pictures)

# Redis memory of a case and a group, and what a message costs in the bot: bench/sizing.json and the tables of docs/sizing.md.
sizing: setup
	.venv/bin/python -m bench.sizing

# How often the responsibility list finds the right matter, on descriptions that were written apart from it.
matters: setup
	.venv/bin/python -m bench.matters

# --- faults: the real program, broken at random; var/chaos.json ---

# SECONDS= how long it is broken, 300 by default; SEED= the schedule of an earlier run.
chaos: setup model faketime
	.venv/bin/python -m tests.chaos --seconds $(or $(SECONDS),300) $(if $(SEED),--seed $(SEED))

# Clocks are moved by libfaketime; without it the suite says that it left them alone.
faketime:
	@if ! ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 \
		&& [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libfaketime </dev/null >/dev/null || true; \
	fi

# --- the rest ---

# The weights of the linking that ship with the bot, for an NLU server that has none: those of the model at hand.
linking: model
	cd nlu && .venv/bin/python -m linking_weights --json > ../connectors/linking.json.new && mv ../connectors/linking.json.new ../connectors/linking.json

# New sentences of the code go into the catalogue, to be translated there.
messages: setup
	.venv/bin/pybabel -q extract -F babel.cfg -k N_ --no-location --omit-header -o var/linli.pot .
	.venv/bin/pybabel -q update -i var/linli.pot -o bot/locale/zh_CN/linli.po -l zh_CN --omit-header -w 120

diagram: setup
	.venv/bin/linli diagram

# The pictures of README.md and docs/, from the running program.
pictures: setup chromium
	.venv/bin/python -m docs.pictures.make

# Those of the grid worker's guide: every card. About ten minutes; SCENES="the_menu two_keys" plays only those.
guide: setup chromium
	.venv/bin/python -m docs.pictures.guide $(SCENES)

doctor: setup
	.venv/bin/linli doctor

# What can be made again. Never var/: that is what people have said.
clean:
	rm -rf .venv nlu/.venv .uv nlu/models nlu/build nlu/.cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
