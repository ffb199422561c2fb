#!/usr/bin/env bash
# Installs what the test suites need. Quick when nothing is missing; without
# root it only says what is.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  erlang-base erlang-dev erlang-common-test erlang-tools erlang-crypto erlang-ssl erlang-os-mon # real BEAM nodes, epmd_SUITE
  elixir                                                                                        # Elixir's view of terms and calls
  iproute2 nftables dnsmasq-base netcat-openbsd                                                 # networks made of namespaces
  docker.io docker-compose iptables ca-certificates                                             # the image and the compose files
  gcc libc6-dev                                                                                 # make race
  protobuf-compiler                                                                             # make generate
  xz-utils                                                                                      # the source package of epmd_SUITE
  procps curl jq                                                                                # the manual's commands
  debootstrap                                                                                   # other OTP releases (make soak)
  chromium                                                                                      # the browser suite
)
# Node, from Debian or from elsewhere, drives the browser.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  packages+=(nodejs npm)
fi

# browser installs the npm packages of the browser suite, outside the repository.
browser() {
  local source=internal/testkit/browser target=${FJORD_CACHE:-$HOME/.cache/fjord}/browser
  cmp -s "$source/package-lock.json" "$target/installed" && [ -d "$target/node_modules" ] && return
  echo "make deps: installing the browser suite's npm packages into $target"
  mkdir -p "$target"
  cp "$source/package.json" "$source/package-lock.json" "$target/"
  (cd "$target" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error)
  cp "$source/package-lock.json" "$target/installed"
}

if ! command -v dpkg-query >/dev/null; then
  echo "make deps: not a Debian system; install the counterparts of: ${packages[*]}" >&2
  exit 0
fi

missing=()
for p in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done
if [ ${#missing[@]} = 0 ]; then
  browser
  exit 0
fi

if [ "$(id -u)" != 0 ]; then
  echo "make deps: missing, install as root: apt-get install ${missing[*]}" >&2
  exit 0
fi
echo "make deps: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y -q --no-install-recommends "${missing[@]}")
"${install[@]}" || { apt-get update -q && "${install[@]}"; }
browser
