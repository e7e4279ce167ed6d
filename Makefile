# The commands that people and CI type. Everything else is `go`.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: test lint staticcheck govulncheck fuzz integration bench

test: ## what a laptop runs: nothing but Go is needed
	go test ./...

lint: ## formatting, vet, staticcheck, tidy go.mod
	test -z "$$(gofmt -l .)"
	go vet ./...
	$(MAKE) -s staticcheck
	go mod tidy -diff

staticcheck:
	go run $(STATICCHECK) ./...

govulncheck:
	go run $(GOVULNCHECK) ./...

fuzz: ## each fuzz target for a few seconds
	.ci/fuzz 5s

integration: ## real peers in network namespaces: miniupnpd, upnpc, gupnp-tools (Linux, Debian packages)
	go test -count=1 ./emulator/lab ./internal/e2e

bench: ## the numbers of docs/performance.md, measured side by side
	go test -run '^$$' -bench . -benchtime 2s ./emulator
	CGO_ENABLED=0 go test -run '^$$' -bench . -benchtime 2s ./emulator/lab # as released: a process with cgo takes longer to start
	go test -run '^$$' -bench . -benchtime 10x -timeout 30m ./internal/e2e
	go test -run '^$$' -bench . -benchtime 2x ./client
