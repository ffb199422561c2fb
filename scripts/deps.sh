#!/usr/bin/env bash
# Installs what the test suites need. Quick when nothing is missing; without
# root it only says what is.
set -euo pipefail

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
)

if ! command -v dpkg-query >/dev/null; then
  echo "make deps: not a Debian system; install the counterparts of: ${packages[*]}" >&2
  exit 0
fi

missing=()
for p in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "make deps: missing, install as root: apt-get install ${missing[*]}" >&2
  exit 0
fi
echo "make deps: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y -q --no-install-recommends "${missing[@]}")
"${install[@]}" || { apt-get update -q && "${install[@]}"; }
