#!/usr/bin/env bash
# Runs every fuzz target of the repository for $FUZZTIME (default 10s) each.
set -euo pipefail
cd "$(dirname "$0")/.."
grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sort | while IFS=: read -r file decl; do
  target=${decl#func }
  echo "== $(dirname "$file") $target"
  go test -tags nomsgpack -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "$(dirname "$file")" </dev/null
done
