# Everything is a word of this file; `make` alone lists them. Go, git and make are all that must be
# there before: what else a word needs, it builds into bin/ or fetches by its pinned version.

GO        ?= go
PKG       ?= ./...
COUNT     ?= 6
BENCH_TIME ?= 3s
ROUNDS    ?= 3
FUZZTIME  ?= 10s
TIMEOUT   ?= 20m

lint_version := $(shell awk '$$1 == "github.com/golangci/golangci-lint/v2" { print $$2 }' tools/go.mod)
golangci     := bin/golangci-lint-$(lint_version)-$(shell $(GO) env GOVERSION)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo build generate run-tools test services cover bench gobench soak fuzz lint lint-mod lint-vet lint-code lint-generated fmt clean

help: ## list these words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

demo: build ## build and show it: ONCE=1 ends after the answer, CUSTOMERS=N, LISTEN=address
	./bin/trama demo $(if $(filter-out 0,$(ONCE)),--once) $(if $(CUSTOMERS),--customers $(CUSTOMERS)) $(if $(LISTEN),--listen $(LISTEN))

build: ## build bin/trama
	$(GO) build -o bin/trama .

generate: ## write the generated code anew, from schema/*.graphql
	$(GO) tool gqlgen generate
	$(GO) generate ./...

run-tools:
	@$(GO) build -o bin/ ./e2e/services ./e2e/tally

# SQLite is C translated to Go. Its memory is none of Go's heap, so the race detector does not watch it;
# instrumented it would be eight times slower and find no more. Its driver and all else are instrumented.
race := -race $(foreach pkg,sqlite/lib libc memory,'-gcflags=modernc.org/$(pkg)=-race=false')

# What takes longest begins first, so that it does not run alone at the end.
first := $(if $(filter ./...,$(PKG)),./e2e)

test: run-tools ## all tests, with a private Redis and PostgreSQL: PKG=./schema/...
	@bin/services bin/tally $(race) -timeout $(TIMEOUT) $(first) $(PKG)

services: run-tools ## start that Redis and PostgreSQL, print their addresses, stop at ctrl-C
	@bin/services

cover: run-tools ## the tests with their coverage, in cover.out
	@bin/services bin/tally -timeout $(TIMEOUT) -coverpkg ./... -coverprofile cover.out $(PKG)
	@$(GO) tool cover -func cover.out | tail -n 1

bench: ## Trama against the join written by hand, its engine against the generated one, all goals: BENCH_TIME=1s ROUNDS=1 BENCH_ARGS="-without copies"
	$(GO) run ./e2e/bench -time $(BENCH_TIME) -rounds $(ROUNDS) $(BENCH_ARGS)

gobench: ## the Go benchmarks, COUNT=6 runs of each, fit for benchstat: PKG=./graph/engine BENCH=Join
	@dirs=$$($(GO) list -f '{{.Dir}}{{range .TestGoFiles}} {{.}}{{end}}{{range .XTestGoFiles}} {{.}}{{end}}' $(PKG) | \
	  while read -r dir files; do (cd "$$dir" && [ -n "$$files" ] && grep -lq '^func Benchmark' $$files && echo "$$dir"); done); \
	if [ -z "$$dirs" ]; then echo "no benchmarks in $(PKG)"; exit 0; fi; \
	$(GO) test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem -count $(COUNT) -timeout 0 $$dirs

soak: run-tools ## what takes long: ten minutes of faults and kills, every pair of faults, readings killed many times over
	@bin/services $(GO) test ./e2e -run 'TestSoak$$' -soak $(or $(SOAK),10m) -v -count 1 -timeout 1h
	$(GO) test ./e2e -run TestFaultTable -all-pairs -timeout 3h
	$(GO) test ./e2e ./datasources/copies -run 'TestCopiesSurviveKillsAndFaults|TestKilled' -count 20 -timeout 3h

fuzz: ## every fuzz target for FUZZTIME=10s: PKG=./graph/odata
	@$(GO) list -f '{{.Dir}}{{range .TestGoFiles}} {{.}}{{end}}{{range .XTestGoFiles}} {{.}}{{end}}' $(PKG) | { \
	failed=0; \
	while read -r dir files; do \
	  [ -n "$$files" ] || continue; \
	  for target in $$(cd "$$dir" && sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$files); do \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$dir" </dev/null || failed=1; \
	  done; \
	done; exit $$failed; }

lint: lint-mod lint-vet lint-code lint-generated ## every check that needs no running program

lint-mod:
	$(GO) mod tidy -diff

lint-vet:
	$(GO) vet ./...

lint-code: $(golangci)
	$(golangci) run ./...

lint-generated:
	tools/fresh.sh $(MAKE) --no-print-directory generate

fmt: $(golangci) ## format the Go files as lint wants them
	$(golangci) fmt ./...

# Named by its version and Go's, so that it is built again when one of them changes.
$(golangci):
	$(GO) build -C tools -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

clean: ## remove what the other words made
	rm -rf bin cover.out
