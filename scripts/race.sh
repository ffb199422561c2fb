#!/usr/bin/env bash
# Unit tests under the race detector, against a copy of Ergo in build/ with its
# races mended (internal/actor/racepatch); go.mod stays as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
trap 'rm -f race.mod race.sum' EXIT
go run ./internal/actor/racepatch
go test -race -modfile=race.mod -tags nomsgpack -timeout 10m "${@:-./...}"
