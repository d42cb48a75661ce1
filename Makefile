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
test: lint deny helm image terraform unit integration ## Everything that must hold before a change lands

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

.PHONY: helm
helm: ## The Helm chart: rendered by Helm's engine, decoded into the Kubernetes API's types, checked by rules
	cd tests/helm && . ../go.sh && "$$go" vet ./... && "$$go" test -count=1 ./...

.PHONY: image
image: ## The Dockerfile: read by BuildKit's front end for both architectures, and compared with the chart
	cd tests/image && . ../go.sh && "$$go" vet ./... && "$$go" test -count=1 ./...

# Its version is the one that go.mod names.
TOFU := $(TOOLS)/tofu-$(shell sed -n 's|.*github.com/opentofu/opentofu v\([^ ]*\).*|\1|p' tests/terraform/tofu/go.mod)/tofu

.PHONY: terraform
terraform: $(TOFU) ## Terraform modules and examples: formatted, validated against the providers' schemas, their own tests, rules
	cd tests/terraform && . ../go.sh && "$$go" vet ./... && "$$go" test -count=1 ./...

$(TOFU): $(addprefix tests/terraform/tofu/,go.mod go.sum build.sh)
	tests/terraform/tofu/build.sh $@
	touch $@

# Its version is the one that go.mod names.
ETCD := $(TOOLS)/etcd-$(shell sed -n 's|^require go.etcd.io/etcd/server/v3 v||p' tests/etcd/go.mod)/etcd

.PHONY: etcd
etcd: $(ETCD) ## Build the etcd that tests run against, from its Go module

$(ETCD): tests/etcd/go.mod tests/etcd/go.sum tests/etcd/main.go
	tests/etcd/build.sh $@
	touch $@

.PHONY: unit
unit: etcd ## Unit, property and simulation tests
	$(CARGO) test --workspace --locked --profile $(PROFILE)

# --- integration: real clients against a real broker -------------------------------------------------------------------

# What the client tests run against: esker, or kafka (a real one, fetched by Maven).
BROKER ?= esker
VENV := $(TOOLS)/venv
PYTEST := $(VENV)/bin/python -m pytest -c tests/pytest.ini

.PHONY: clients
clients: binaries tools ## Java, librdkafka, pure Python, kafkajs and kcat through one list of checks (BROKER=esker|kafka)
	$(PYTEST) tests/clients --broker=$(BROKER)

.PHONY: integration
integration: binaries tools etcd prometheus kafka mirror ## Real clients through one list of checks, kafka-python's own suite, crashes, hostile input, the main job in short form
	$(PYTEST) tests --broker=$(BROKER)

# Full-size runs of the same tests. MB, KILLS, MINUTES, OUTAGE (seconds) and PARTITIONS set their size.
MB ?= 1000
KILLS ?= 50
MINUTES ?= 0
OUTAGE ?= 600
PARTITIONS ?= 10000

.PHONY: main-job
main-job: binaries tools ## 1 GB of real files through four clients to object storage and back (MB=1000)
	$(PYTEST) tests/main_job --broker=$(BROKER) --main-job-mb=$(MB) -s

.PHONY: main-job-moto
main-job-moto: binaries tools ## The same, small, to an independent S3 implementation
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements-moto.txt
	$(PYTEST) tests/main_job --broker=$(BROKER) --main-job-targets=moto -s

.PHONY: crash
crash: binaries tools ## kill -9 at random moments under load (KILLS=50)
	$(PYTEST) tests/crash --broker=$(BROKER) --kills=$(KILLS) -s

.PHONY: cluster
cluster: binaries tools etcd ## Brokers, etcd and S3 under load and faults of all kinds (KILLS=50 MINUTES=0 OUTAGE=600 PARTITIONS=10000)
	$(PYTEST) tests/cluster --kills=$(KILLS) --minutes=$(MINUTES) --outage=$(OUTAGE) --partitions=$(PARTITIONS) --timings -s

.PHONY: hostile
hostile: binaries tools ## Hostile input of every kind
	$(PYTEST) tests/hostile --broker=$(BROKER) -s

COMPARE := ESKER_BIN_DIR=target/release PYTHONPATH=tests:tests/bench/compare $(VENV)/bin/python tests/bench/compare

.PHONY: bench
bench: bench-binaries ## Side by side with a real Kafka; writes docs/benchmarks.md (ARGS='--rounds 1 --scale 0.1')
	$(COMPARE) $(ARGS)

.PHONY: bench-cluster
bench-cluster: bench-binaries etcd ## Three brokers beside three of Kafka; writes docs/benchmarks-cluster.md
	$(COMPARE) --only cluster --out docs/benchmarks-cluster.md $(ARGS)

.PHONY: bench-once
bench-once: bench-binaries ## Transactions and share groups beside Kafka's; writes docs/benchmarks-once.md
	$(COMPARE) --only transactions share --out docs/benchmarks-once.md $(ARGS)

.PHONY: bench-queues
bench-queues: release tools etcd rabbitmq $(TOOLS)/bench-queues ## Queues beside RabbitMQ's quorum queues, three brokers of each; writes docs/benchmarks-queues.md
	$(CARGO) build --release --locked -p esker-test-s3
	ESKER_BIN_DIR=target/release PYTHONPATH=tests:tests/bench/compare $(VENV)/bin/python tests/bench/queues $(ARGS)

.PHONY: bench-binaries
bench-binaries: release kafka tools
	$(CARGO) build --release --locked -p esker-test-s3
	$(CARGO) build --release --locked -p esker-archive --example range_reads

.PHONY: binaries
binaries: # the broker and the S3 endpoint the tests start
ifeq ($(BROKER),esker)
	$(CARGO) build --profile $(PROFILE) --locked -p esker -p esker-test-s3
endif

.PHONY: tools
tools: $(VENV)/.done $(TOOLS)/java/.done tests/clients/node/node_modules/.done
ifeq ($(BROKER),kafka)
tools: kafka
endif

.PHONY: kafka
kafka: $(TOOLS)/kafka-4.3.1/.done ## Fetch a real Kafka broker and its tools, to compare with

.PHONY: mirror
mirror: $(TOOLS)/mirror-4.3.1/.done ## Fetch MirrorMaker 2, to copy from Kafka with

.PHONY: rabbitmq
rabbitmq: $(TOOLS)/rabbitmq/version ## Fetch Debian's RabbitMQ and Erlang, to compare with; the system is left alone

$(TOOLS)/rabbitmq/version: tests/rabbitmq/fetch.sh
	tests/rabbitmq/fetch.sh $(TOOLS)/rabbitmq
	touch $@

.PHONY: prometheus
prometheus: $(TOOLS)/prometheus/version ## Fetch Debian's Prometheus, which the alerts and dashboards are tested with

$(TOOLS)/prometheus/version: tests/monitoring/fetch.sh
	tests/monitoring/fetch.sh $(TOOLS)/prometheus
	touch $@

.PHONY: dashboards
dashboards: ## Write the dashboards of the chart anew (helm/dashboards)
	python3 helm/dashboards

.PHONY: monitoring
monitoring: binaries tools etcd prometheus ## Every alert and every panel, with a real Prometheus
	$(PYTEST) tests/monitoring -s

.PHONY: pictures
pictures: binaries tools etcd prometheus ## Draw the dashboards from what a test sees (docs/images)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check matplotlib==3.11.2
	$(PYTEST) tests/monitoring/test_monitoring.py -s -k well --pictures=$(CURDIR)/docs/images

# The load that queues are compared under.
$(TOOLS)/bench-queues: $(VENV)/.done $(wildcard tests/bench/queues/*.go) $(addprefix tests/bench/queues/,go.mod go.sum build.sh) $(wildcard proto/esker/v1/*.proto)
	tests/bench/queues/build.sh $@ $(VENV)/bin/python

$(VENV)/.done: tests/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

$(TOOLS)/java/.done: tests/clients/java/pom.xml $(shell find tests/clients/java/src -name '*.java')
	mvn -q -B -f tests/clients/java/pom.xml package
	touch $@

tests/clients/node/node_modules/.done: tests/clients/node/package-lock.json
	cd tests/clients/node && npm ci --no-fund --no-audit --loglevel=error
	touch $@

$(TOOLS)/kafka-4.3.1/.done: tests/kafka/pom.xml
	mvn -q -B -f tests/kafka/pom.xml dependency:copy-dependencies
	touch $@

$(TOOLS)/mirror-4.3.1/.done: tests/migration/pom.xml
	mvn -q -B -f tests/migration/pom.xml dependency:copy-dependencies
	touch $@

.PHONY: clean
clean: ## Remove build results and fetched tools
	$(CARGO) clean
	rm -rf $(TOOLS)
