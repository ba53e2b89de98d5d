# make test    installs what the tests need, says what, and runs all of them
# make demo    shows the library at work
# make help    lists the rest

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: test help deps style generated cross alone race long links module demo client screenshots pictures constants mutants fuzz bench codec browsers peers peers-show clean

# Every system that must build, beside the one that runs the tests, which style vets. What has the files and the width of
# numbers of one that is vetted is built alone: none of our files is for one processor, as TestHouseProcessors holds.
SYSTEMS  := linux/386 windows/amd64 darwin/arm64 js/wasm
BUILT    := linux/amd64 linux/arm64
# Tests that the race detector would make too slow (whole systems, rules of the house, which read all source) or wrong
# (allocation counts).
UNRACED  := ^Test.*(Long|Swarm|Alloc|House)
# Rooms in which nothing runs beside anything, in their tests neither, as TestHouseAlone holds: the race detector would
# take eight times as long there, and has nothing to find. Who uses them from several goroutines is raced.
ALONE    := ./endpoint ./internal/wire ./netcode ./simnet/world
# All other packages.
MET       = $$(go list ./... | grep -vxF "$$(go list $(ALONE))")
FUZZTIME ?= 10s
# What the module in a folder has to pass; staticcheck is a tool of the root's go.mod.
checks    = staticcheck=$$(go tool -n staticcheck); cd $(1); go vet ./...; "$$staticcheck" ./...; go mod tidy -diff

test: deps style generated cross alone race long links module ## everything, in the order of what fails fastest
	@echo "make test: all of it passed"

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install what the tests need beyond git, make and Go
	@.ci/deps

style: ## formatting, vet, staticcheck, a tidy go.mod
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "run gofmt -w on:" $$unformatted; exit 1; }
	$(call checks,.)

generated: ## generated files are what their generators print
	@.ci/generated

# Vet reads every package and its tests as the compiler does; the command alone is linked.
cross: ## vet everything with its tests, and build the command, for every system
	@for system in $(SYSTEMS); do \
		echo "vet and build for $$system"; \
		GOOS=$${system%/*} GOARCH=$${system#*/} go vet ./...; \
		GOOS=$${system%/*} GOARCH=$${system#*/} go build -o /dev/null ./cmd/tickwire; \
	done
	@for system in $(BUILT); do \
		echo "build for $$system"; \
		GOOS=$${system%/*} GOARCH=$${system#*/} go build -o /dev/null ./cmd/tickwire; \
	done

alone: ## the tests of the rooms in which nothing runs beside anything
	go test -timeout 8m $(ALONE)

race: ## the tests, the examples and the seeds of the fuzz targets, with the race detector
	CGO_ENABLED=1 go test -race -timeout 15m -skip '$(UNRACED)' $(MET)

# Most of them wait, for pages, for timeouts, for lines that are slow on purpose: twice as many packages at once as is usual.
long: ## the tests that run without the race detector
	go test -timeout 15m -p $$((2 * $$(getconf _NPROCESSORS_ONLN))) -run '$(UNRACED)' $(MET)

links: ## 24 bad links, what the library makes of them, and the worst of each figure
	go run ./cmd/tickwire bench link --matrix

# Without the race detector, for which all those libraries would be compiled once more.
module: ## bench, a module of its own: its style and its tests
	$(call checks,bench)
	go -C bench test -timeout 4m ./...

demo: ## a server, bots over a bad link, a live table, a page to play on; DEMO="--bots 4 --link wifi-bad --for 10s" changes it
	go run ./cmd/tickwire demo $(DEMO)

# The other clients of examples/browser find it by its name.
client: ## ts/dist, the client in TypeScript, and with it the pages and the bot of examples/browser; needs Node
	npm ci --prefix ts
	npm run build --prefix ts
	npm ci --prefix examples/browser
	ts/node_modules/.bin/tsc -p examples/browser

screenshots: ## the pictures of the demo's page in docs, taken anew; needs Chromium
	go test ./cmd/tickwire -count 1 -run '^TestLong(Screenshots|Panels)$$' -screenshots "$$PWD/docs/pictures"

pictures: ## the pictures of docs, drawn anew from simulated runs
	go generate ./cmd/tickwire

constants: ## the pictures of docs/constants.md: what other values of the endpoint's constants would give
	go run ./internal/sweep --out docs/pictures

mutants: ## what would the tests of endpoint and netcode notice? a thousand changes; MUTANTS="--samples 200 netcode" changes it
	go run ./internal/mutate $(MUTANTS)

fuzz: ## each fuzz target for FUZZTIME
	@.ci/fuzz $(FUZZTIME)

bench: ## the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

codec: ## tickwire's codec beside other formats, into docs/codec.md and its picture; CODEC="--rounds 15" changes it
	go -C bench build -o $(CURDIR)/bin/codec ./cmd/codec
	bin/codec --into docs/codec.md --picture docs/pictures/codec.svg $(CODEC)

browsers: ## how old states in a page are at 5 % loss, by each transport, into docs/browsers.md and its pictures; BROWSERS="-for 10s" changes it
	go test ./internal/ages -run Ages -v -count=1 -timeout 20m -into $(CURDIR)/docs/browsers.md -pictures $(CURDIR)/docs/pictures -for 30s -seeds 5 $(BROWSERS)

peers: ## tickwire beside other libraries over bad links, into bench/results; PEERS="--for 8s" changes it
	go -C bench build -o $(CURDIR)/bin/peers ./cmd/peers
	rm -f bench/results/peers.jsonl
	bin/peers run --out bench/results/peers.jsonl $(PEERS)
	@$(MAKE) --no-print-directory peers-show

peers-show: ## the tables and pictures of bench/results and the tables of README, made anew from the raw lines there
	go -C bench build -o $(CURDIR)/bin/peers ./cmd/peers
	rm -f bench/results/*.svg
	bin/peers table --pictures bench/results/peers.jsonl > bench/results/README.md
	bin/peers table --brief --into README.md bench/results/peers.jsonl
	bin/peers plot --out bench/results bench/results/peers.jsonl > /dev/null

clean: ## remove what the targets above made
	rm -rf bin ts/dist examples/browser/dist
	find . -name node_modules -type d -prune -exec rm -rf {} +
	go clean -testcache
