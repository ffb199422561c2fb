#!/usr/bin/env bash
# Makes small Debian trees with other releases of Erlang/OTP, for interoperability tests.
#
#   internal/testkit/otp/trees.sh [23] [25] [27] [29]     (default: 23 27 29)
#
# Each tree is a debootstrap "minbase" with erlang-base, kept under
# $FJORD_CACHE (default ~/.cache/fjord) and made once. Beside each tree stands
# a wrapper, $FJORD_CACHE/otp/RELEASE/erl, that runs its erl through chroot:
# same process id (everything is exec'ed), host network, own file system. chroot
# rather than the tree's own ld.so, because erl starts helpers (erl_child_setup,
# inet_gethost) by their interpreter path. Needs root.
#
# Output: one line for the tests, FJORD_OTP_ROOTS="23=/…/erl 27=/…/erl …".
set -euo pipefail

cache=${FJORD_CACHE:-$HOME/.cache/fjord}
mirror=${FJORD_DEBIAN_MIRROR:-http://deb.debian.org/debian}

die() { echo "trees.sh: $*" >&2; exit 1; }

# suite RELEASE prints the Debian suite that carries the OTP release.
suite() {
  case $1 in
    23) echo bullseye ;;
    25) echo bookworm ;;
    27) echo trixie ;;
    29) echo sid ;;
    *) die "no Debian suite with OTP $1 is known (23, 25, 27, 29)" ;;
  esac
}

answer() { "$1" -noshell -eval 'io:format("~s", [erlang:system_info(otp_release)]), halt().' </dev/null; }

# tree RELEASE makes the tree and its wrapper, unless they are there.
tree() {
  local release=$1 name dir new log
  name=$(suite "$release")
  dir=$cache/otp/$release
  if [ -x "$dir/erl" ] && [ "$(answer "$dir/erl" 2>/dev/null)" = "$release" ]; then return; fi
  command -v debootstrap >/dev/null || die "debootstrap is missing: run make deps"
  new=$cache/otp/.$release.$$ log=$cache/otp/$release.log
  mkdir -p "$cache/otp"
  rm -rf "$dir" "$new"
  echo "making a tree of $name for OTP $release (log: $log)" >&2
  debootstrap --variant=minbase --include=erlang-base "$name" "$new/root" "$mirror" >"$log" 2>&1 ||
    { tail -5 "$log" >&2; rm -rf "$new"; die "debootstrap $name failed"; }
  rm -rf "$new"/root/var/cache/apt "$new"/root/var/lib/apt/lists "$new"/root/usr/share/doc
  printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n' >"$new/root/etc/hosts"
  cat >"$new/erl" <<EOF
#!/bin/sh
exec env HOME=/root chroot "$dir/root" /usr/bin/erl "\$@"
EOF
  chmod +x "$new/erl"
  mv "$new" "$dir"
  [ "$(answer "$dir/erl")" = "$release" ] || die "$dir/erl is not OTP $release"
}

[ "$(id -u)" = 0 ] || die "chroot and debootstrap need root"
[ $# -gt 0 ] || set -- 23 27 29
mkdir -p "$cache"
roots=
for release; do
  exec 9>"$cache/.otp-$release.lock"
  flock 9
  tree "$release"
  exec 9>&-
  roots="$roots${roots:+ }$release=$cache/otp/$release/erl"
done
echo "FJORD_OTP_ROOTS=\"$roots\""
