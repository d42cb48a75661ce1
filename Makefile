# The commands people and CI use. Tools that tests need are fetched into .tools (never committed).
#
#   make dev     build and start a broker on embedded defaults: Kafka on 127.0.0.1:9092, HTTP on 127.0.0.1:9096
#   make test    everything that must hold before a change lands
#   make help    the rest

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
# `quick` is optimised but without LTO, with overflow checks and debug assertions: one build serves `make dev`,
# unit tests, simulation and the brokers that the integration tests start.
PROFILE ?= quick
DATA ?= .dev
TOOLS := .tools
CARGO_DENY_VERSION := 0.20.2
DENY := $(TOOLS)/cargo-deny-$(CARGO_DENY_VERSION)/bin/cargo-deny

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 20

.PHONY: dev
dev: ## Build and start a broker on embedded defaults (DATA=.dev)
	$(CARGO) build --profile $(PROFILE) --locked -p esker
	exec target/$(PROFILE)/esker dev --data $(DATA)

.PHONY: release
release: ## Build the broker as it is shipped (target/release/esker)
	$(CARGO) build --release --locked -p esker

.PHONY: test
test: lint deny unit ## Everything that must hold before a change lands

.PHONY: lint
lint: ## Formatting and clippy, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked --profile $(PROFILE) -- -D warnings

.PHONY: deny
deny: $(DENY) ## Licences, banned crates and sources of every dependency (deny.toml)
	$(DENY) --all-features check bans licenses sources

.PHONY: advisories
advisories: $(DENY) ## Known vulnerabilities among the dependencies (needs the public advisory database)
	$(DENY) --all-features check advisories

$(DENY):
	CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
	  $(CARGO) install cargo-deny --version $(CARGO_DENY_VERSION) --locked --no-track --root $(TOOLS)/cargo-deny-$(CARGO_DENY_VERSION)

.PHONY: unit
unit: ## Unit, property and simulation tests
	$(CARGO) test --workspace --locked --profile $(PROFILE)

.PHONY: clean
clean: ## Remove build results and fetched tools
	$(CARGO) clean
	rm -rf $(TOOLS)
