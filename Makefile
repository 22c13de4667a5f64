# The commands of this project. `make` alone lists them.

PYTHON ?= python3
BIN = .venv/bin
STAMP = .venv/.installed
UV_VERSION = $(shell sed -n 's/^uv==//p' requirements.txt)
TOOLS = build/tools
TOOLS_STAMP = build/tools/.installed
GO_STAMP = build/tools/.go
MANIFESTS = build/kubernetes
GO_TOOLS = github.com/terraform-linters/tflint@v0.61.0
TESTS = tests/unit tests/contract tests/integration tests/e2e
GROUP ?=
LOCKED = --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help up down reset test test-long check audit tools format bench chaos lock

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile | awk -F ': ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

up: $(STAMP) ## start the platform; run again, it starts what is missing
	@$(BIN)/python -m infra.local up

down: $(STAMP) ## stop the platform, keep the data
	@$(BIN)/python -m infra.local down

reset: $(STAMP) ## stop the platform and delete this instance's data
	@$(BIN)/python -m infra.local reset

test: $(STAMP) ## unit, contract, integration and end-to-end tests
	$(BIN)/python -m pytest -m "not long" $(TESTS)

test-long: $(STAMP) ## the same, and the slow ones
	$(BIN)/python -m pytest $(TESTS)

check: $(STAMP) $(TOOLS_STAMP) $(GO_STAMP) ## format, lint, types, import rules, SQL, infrastructure; never edits
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dags infra dashboard plugins streaming
	$(TOOLS)/bin/shellcheck .ci/run $(wildcard infra/scripts/*.sh infra/docker/*.sh)
	$(TOOLS)/bin/zizmor --offline --quiet .github/workflows
	$(TOOLS)/bin/check-jsonschema --builtin-schema vendor.github-workflows $(wildcard .github/workflows/*.yaml)
	$(TOOLS)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	$(TOOLS)/bin/hadolint infra/docker/Dockerfile
	@mkdir -p $(MANIFESTS)
	kubectl kustomize infra/kubernetes/base >$(MANIFESTS)/base.yaml
	$(TOOLS)/bin/kubernetes-validate --strict --quiet -k 1.33 $(MANIFESTS)/base.yaml infra/kubernetes/components/scaling/dashboard.yaml
	terraform fmt -check -recursive infra
	$(TOOLS)/bin/tflint --chdir=infra --recursive --config=$(CURDIR)/infra/checks/tflint.hcl
	$(BIN)/python -m infra.checks.schema
	$(TOOLS)/bin/checkov --config-file infra/checks/checkov.yaml
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --baseline .secrets.baseline

audit: $(TOOLS_STAMP) ## known vulnerabilities of every locked package; asks the internet
	$(TOOLS)/bin/pip-audit --strict --disable-pip --no-deps --requirement requirements.txt --requirement infra/checks/requirements.txt

tools: $(TOOLS_STAMP) $(GO_STAMP) ## the programs that `make check` needs, in build/tools

format: $(STAMP) ## format and mend what a tool can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## benchmarks; GROUP=platform|streaming|load|dashboard for some
	$(BIN)/python -m tests.bench $(GROUP)

chaos: $(STAMP) ## the long fault-injection run; figures in build/chaos.json
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(CLIENT),--client $(CLIENT))

lock: $(STAMP) ## resolve both requirements.txt anew
	$(BIN)/uv pip compile pyproject.toml --all-extras $(LOCKED) -o requirements.txt
	$(BIN)/uv pip compile infra/checks/requirements.in $(LOCKED) -o infra/checks/requirements.txt

$(STAMP): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "make: $(PYTHON) must be Python 3.11, 3.12 or 3.13; set PYTHON=python3.12 or so"; exit 1; }
	@echo "Installing into .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --compile-bytecode requirements.txt
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

$(TOOLS_STAMP): infra/checks/requirements.txt | $(STAMP)
	@echo "Installing the tools of the checks into $(TOOLS)"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(TOOLS)
	@VIRTUAL_ENV=$(TOOLS) $(BIN)/uv pip sync --quiet infra/checks/requirements.txt
	@touch $@

$(GO_STAMP): Makefile | $(TOOLS_STAMP)
	@command -v terraform >/dev/null || { echo "make: terraform is missing; install it from https://developer.hashicorp.com/terraform/install"; exit 1; }
	@command -v kubectl >/dev/null || { echo "make: kubectl is missing, which builds manifests; install it from https://kubernetes.io/docs/tasks/tools"; exit 1; }
	@command -v go >/dev/null || { echo "make: go is missing, which builds tflint; install it from https://go.dev/dl"; exit 1; }
	@echo "Building tflint"
	@GOBIN=$(CURDIR)/$(TOOLS)/bin go install $(GO_TOOLS)
	@touch $@
