# Every step a person or CI takes is a target here. `make` alone prints them.

GO         ?= go
TAGS       := nomsgpack
VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BIN        := $(CURDIR)/bin/fjord
IMAGE      ?= fjord
FUZZTIME   ?= 10s
STATICCHECK_VERSION := v0.7.0
GOLANGCI_VERSION := v2.15.0

export FJORD_CACHE ?= $(HOME)/.cache/fjord
export FJORD_BIN   := $(BIN)

SUITES := $(GO) run ./internal/testkit/suites

.DEFAULT_GOAL := help
.PHONY: help build demo run test race fuzz bench interop e2e soak lint golangci deps generate image clean

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the static binary bin/fjord
	CGO_ENABLED=0 $(GO) build -trimpath -tags $(TAGS) -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN) ./cmd/fjord

demo: build ## start two nodes that form a cluster, create two rooms, keep running until Ctrl-C
	@scripts/demo.sh

run: build ## run one node in development mode (port 5002, loopback only)
	$(BIN)

test: deps build ## unit, interoperability and end-to-end tests (at most 15 minutes on two cores)
	$(SUITES) unit interop epmdsuite e2e media browser mixed netns image

race: ## unit tests under the race detector, with Ergo's cron race mended in a copy
	scripts/race.sh

fuzz: ## run every fuzz target for FUZZTIME (10s) each
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

bench: build ## print the figures of a node: latencies, creations per second, memory, start-up
	$(GO) test -tags $(TAGS),bench -count=1 -timeout 30m -v -run '^TestBench' ./internal/testkit/bench

interop: deps build ## tests against real BEAM nodes (FJORD_OTP_ROOTS chooses them) and OTP's own epmd_SUITE
	$(SUITES) interop epmdsuite

e2e: deps build ## the manual's recipes, the SDKs in a browser, clusters in network namespaces, the compose files
	$(SUITES) e2e media browser mixed netns image

soak: deps build ## the long forms, against OTP 23, 25, 27 and 29: under an hour (makes Debian trees once; needs root)
	roots=$$(internal/testkit/otp/trees.sh 23 27 29) && eval "export $$roots" && \
	  FJORD_SOAK=1 FJORD_OTP_ROOTS="25=$$(command -v erl) $$FJORD_OTP_ROOTS" $(SUITES) interop mixed netns image e2e media browser rest

lint: bin/tools/staticcheck-$(STATICCHECK_VERSION) ## gofmt, go vet and staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); [ -z "$$unformatted" ] || { echo "not gofmt-ed:"; echo "$$unformatted"; exit 1; }
	$(GO) vet -tags $(TAGS),interop,e2e,bench ./...
	bin/tools/staticcheck-$(STATICCHECK_VERSION) -tags $(TAGS),interop,e2e,bench ./...

bin/tools/staticcheck-$(STATICCHECK_VERSION):
	GOBIN=$(CURDIR)/bin/tools $(GO) install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION)
	mv bin/tools/staticcheck $@

golangci: bin/tools/golangci-lint-$(GOLANGCI_VERSION) ## the linters of .golangci.yml (builds golangci-lint once)
	bin/tools/golangci-lint-$(GOLANGCI_VERSION) run ./...

bin/tools/golangci-lint-$(GOLANGCI_VERSION):
	GOBIN=$(CURDIR)/bin/tools $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/tools/golangci-lint $@

deps: ## install what the tests need (Debian packages; needs root)
	@scripts/deps.sh

generate: ## run go generate (tables in the documentation, protobuf code)
	$(GO) generate -tags $(TAGS) ./...

image: build ## build the container image from bin/fjord, without a network
	cp /etc/ssl/certs/ca-certificates.crt bin/ 2>/dev/null || true
	docker build --target prebuilt -t $(IMAGE) .

clean: ## remove bin and build
	rm -rf bin build
