# RealMultiLLM. `make` alone tells what can be made. All that is needed is git and either uv or Python 3.13.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test clients lint types conformance bench cold synth bootstrap deploy deploy-local format clean uv

UV_VERSION := 0.13.8
CORPUS ?= ../shared/provider-traffic
THROUGH ?= gateway
PYTHON := .venv/bin/python

# A uv that answers here: a pyenv shim may be on the PATH and still know no uv for this folder's Python, so it is asked, not looked for.
UV := $(shell if .uv/bin/uv --version >/dev/null 2>&1; then echo .uv/bin/uv; elif uv --version >/dev/null 2>&1; then echo uv; else echo .uv/bin/uv; fi)
UV_IS_OURS := $(filter .uv/bin/uv,$(UV))
# Our own uv was made by a Python that is new enough, so that one is used; somebody else's uv finds or fetches what .python-version says.
SYNC = $(if $(UV_IS_OURS),UV_PYTHON=$(CURDIR)/.uv/bin/python) $(UV) sync --quiet --frozen --inexact
LOCKED := pyproject.toml uv.lock .python-version

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.product ## Start RealMultiLLM on this machine
	@exec $(PYTHON) -m functions.local

test: .venv/.dev clients ## Every test; the counts are in the last line
	@$(PYTHON) -m pytest

clients: .clients/newest/.made .clients/held-back/.made tests/journeys/clients/node/node_modules/.made tests/fakes/aws_lambda/node/node_modules/.made ## The real clients that the tests run, each in an environment of its own

lint: .venv/.dev ## ruff: rules and format
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check

format: .venv/.dev ## ruff mends what it can
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

types: .venv/.dev ## mypy, strict
	@.venv/bin/mypy

conformance: .venv/.conformance ## Replay recorded provider traffic through the gateway: CORPUS=<folder> THROUGH=gateway|lambda
	@$(PYTHON) -m tests.conformance --corpus "$(CORPUS)" --through "$(THROUGH)"

bench: .venv/.bench ## CPU, memory and start against the budgets
	@$(PYTHON) -m benchmarks.chat

cold: .venv/.bench ## From nothing to the first byte under a fake Lambda, by part, against the budgets
	@$(PYTHON) -m benchmarks.cold_start

STAGE ?= dev
OPTIONS ?=
CDK := infra/node_modules/.bin/cdk
# Node.js 20 still runs all of it; that its time is over is said once, in the README, and not at every start.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

synth: .venv/.infra $(CDK) ## The AWS stack as CloudFormation in cdk.out: STAGE=prod, OPTIONS='-c alarm-email=…'
	@$(CDK) synth --quiet -c stage=$(STAGE) $(OPTIONS)

bootstrap: .venv/.infra $(CDK) ## Once for an AWS account and region: where the CDK puts what it deploys
	@$(CDK) bootstrap -c stage=$(STAGE) $(OPTIONS)

deploy: .venv/.infra $(CDK) ## Create or upgrade the stack in your AWS account: STAGE=prod
	@$(CDK) deploy -c stage=$(STAGE) $(OPTIONS)

deploy-local: .venv/.dev .clients/ministack/.made $(CDK) ## Deploy the stack onto an emulator of AWS on this machine, and walk through it
	@$(PYTHON) -m tests.deployed

clean: ## Forget what was made here, except the data of a running installation
	rm -rf .venv .clients tests/journeys/clients/node/node_modules tests/fakes/aws_lambda/node/node_modules infra/node_modules .uv .mypy_cache .ruff_cache .hypothesis build cdk.out

# Each stamp stands for its groups as the lock file has them, hashes checked. Nothing is taken away by another target's sync.
.venv/.product: GROUPS := --no-default-groups
.venv/.dev: GROUPS := --group dev
.venv/.conformance: GROUPS := --no-default-groups --group test --group vendors
.venv/.bench: GROUPS := --no-default-groups --group bench
.venv/.infra: GROUPS := --no-default-groups --group infra
.venv/.product .venv/.dev .venv/.conformance .venv/.bench .venv/.infra: $(LOCKED) $(UV_IS_OURS)
	@$(SYNC) $(GROUPS)
	@touch $@

CLIENTS := tests/journeys/clients
.clients/%/.made: $(CLIENTS)/python/uv.lock .python-version $(UV_IS_OURS)
	@UV_PROJECT_ENVIRONMENT=$(CURDIR)/.clients/$* $(SYNC) --project $(CLIENTS)/python --only-group $*
	@touch $@

.clients/ministack/.made: tests/deployed/uv.lock .python-version $(UV_IS_OURS)
	@UV_PROJECT_ENVIRONMENT=$(CURDIR)/.clients/ministack $(SYNC) --project tests/deployed
	@touch $@

$(CDK): infra/package-lock.json
	@command -v npm >/dev/null || { echo 'The CDK needs Node.js 22 or later, with npm: https://nodejs.org/' >&2; exit 1; }
	@npm ci --prefix infra --silent --no-audit --no-fund --ignore-scripts && touch $@

# Where there is no Node.js, the tests of its clients say that they did not run.
$(CLIENTS)/node/node_modules/.made: $(CLIENTS)/node/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix $(CLIENTS)/node --silent --no-audit --no-fund --ignore-scripts && touch $@; fi

# AWS's own Lambda client is half native, and built here: that takes cmake, a C++ compiler and Node's headers. Where it cannot be, its tests say so.
LAMBDA := tests/fakes/aws_lambda/node
$(LAMBDA)/node_modules/.made: $(LAMBDA)/package-lock.json
	@if command -v npm >/dev/null; then \
	  prefix=$$(dirname "$$(dirname "$$(readlink -f "$$(command -v node)")")"); \
	  if [ -d "$$prefix/include/node" ]; then export npm_config_nodedir="$$prefix"; fi; \
	  npm ci --prefix $(LAMBDA) --silent --no-audit --no-fund >$(LAMBDA)/build.log 2>&1 \
	  || { echo "aws-lambda-ric could not be built: see $(LAMBDA)/build.log" >&2; mkdir -p $(LAMBDA)/node_modules; }; \
	  touch $@; fi

uv: $(UV_IS_OURS)

.uv/bin/uv:
	@python=$$(for name in python3.13 python3.14 python3 python; do \
	  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 13))' >/dev/null 2>&1; then echo "$$name"; break; fi; done); \
	if [ -z "$$python" ]; then \
	  echo 'RealMultiLLM needs uv (https://docs.astral.sh/uv/) or Python 3.13 (https://www.python.org/downloads/), and found neither.' >&2; exit 1; fi; \
	"$$python" -m venv .uv || { echo "$$python has no working venv: install it (Debian: apt install python3-venv), or uv." >&2; exit 1; }; \
	.uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
