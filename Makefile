# Postern's commands. `make run` tries it, `make test` proves it; the rest is
# for those who build it. See CONTRIBUTING.md.

GO       ?= go
CACHE    := $(CURDIR)/.cache
LINT     := $(CACHE)/tools/golangci-lint
DEADCODE := $(CACHE)/tools/deadcode
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 20s
BENCH    ?=
DEMO     ?= $(CURDIR)/.demo

.PHONY: build run deps test check clients crash lint generate generated fuzz bench long clean

build: ## the program, bin/postern
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/postern ./cmd/postern

run: build ## everything on loopback, with sample mail; Ctrl-C ends it
	bin/postern demo --data $(DEMO)

deps: ## Debian and npm packages of the tests; needs root
	scripts/deps.sh

test: ## everything that must hold; installs what is missing when it may
	@if [ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then scripts/deps.sh; else scripts/deps.sh --check; fi
	$(MAKE) generated
	$(GO) vet ./...
	$(GO) test -race -shuffle=on -timeout 20m ./...
	$(MAKE) clients
	$(MAKE) crash

check: ## what needs Go alone
	$(GO) vet ./...
	$(GO) test -shuffle=on -timeout 20m ./...

clients: build ## real mail programs against the demo
	POSTERN_BIN=$(CURDIR)/bin/postern $(GO) test -tags clients -count=1 -skip Thunderbird -timeout 15m ./test/clients/...
	POSTERN_BIN=$(CURDIR)/bin/postern $(GO) test -tags clients -count=1 -run Thunderbird -timeout 10m ./test/clients/...

crash: build ## kill -9, failing and full disks, flipped bits, TLS scans against the program
	POSTERN_BIN=$(CURDIR)/bin/postern $(GO) test -tags crash -count=1 -timeout 20m ./test/crash/... ./test/tls/...

lint: $(LINT) $(DEADCODE) ## format, linters, walls, dead code
	$(LINT) fmt --diff
	$(LINT) run
	$(GO) mod tidy -diff
	@out=$$($(DEADCODE) -test -tags clients,crash ./... ); if [ -n "$$out" ]; then echo "$$out"; exit 1; fi

$(LINT) $(DEADCODE): tools/go.mod
	mkdir -p $(CACHE)/tools
	cd tools && $(GO) build -o $(LINT) github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	cd tools && $(GO) build -o $(DEADCODE) golang.org/x/tools/cmd/deadcode

generate: ## files made from others
	$(GO) generate ./...

generated: generate ## fails if a generated file was not committed as it is made
	@if [ -d .git ]; then git diff --exit-code --stat -- docs web || { echo 'generated files differ: run make generate and commit'; exit 1; }; fi

fuzz: ## every fuzz target for FUZZTIME
	scripts/fuzz.sh $(FUZZTIME)

bench: build ## Postern beside Dovecot, in one table
	$(GO) run ./test/bench --postern $(CURDIR)/bin/postern $(BENCH)

long: build ## the full counts; hours
	POSTERN_LONG=1 POSTERN_BIN=$(CURDIR)/bin/postern $(GO) test -tags crash -count=1 -timeout 6h ./...

clean:
	rm -rf bin .demo
