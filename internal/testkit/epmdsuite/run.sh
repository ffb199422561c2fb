#!/bin/sh
# Runs OTP's own test suite of the port mapper, epmd_SUITE, against a program.
#
#   run.sh EXECUTABLE
#
# EXECUTABLE must be named epmd, or be a program that is an epmd when it is
# called by that name. The last line is "epmd_SUITE: N ok, N failed, N skipped";
# the exit status is 0 for 31 ok, 0 failed, 2 skipped (those two need a second
# host), else 1. It takes about five minutes and the TCP ports 2243 and 22430.
#
# Needs ct_run and erlc (Debian: erlang-common-test) and, the first time,
# apt-get with a Debian mirror: the suite is in the source package erlang, of
# 48 MB, which is kept in $FJORD_CACHE (~/.cache/fjord). With $EPMD_SUITE_LOGS
# the logs go to that folder, else they are kept only when a case fails.
set -eu

want="31 ok, 0 failed, 2 skipped"
here=$(cd "$(dirname "$0")" && pwd)
cache=${FJORD_CACHE:-$HOME/.cache/fjord}/epmdsuite
private=22430 # port of the epmd that ct_run's own node uses

fail() {
    echo "epmd_SUITE: $*" >&2
    exit 1
}

# fetch puts epmd_SUITE.erl into the cache. It uses the mirror that this system
# installs from, with lists of its own: no setting of the system is changed.
fetch() {
    [ -s "$cache/epmd_SUITE.erl" ] && return
    mkdir -p "$cache/lists/partial" "$cache/archives/partial"
    . /etc/os-release
    apt-get indextargets --format '$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)' |
        awk -v release="$VERSION_CODENAME" \
            '$1 == "Packages" && $3 == release && $4 == "main" { print "deb-src", $2, $3, $4 }' |
        sort -u >"$cache/sources.list"
    [ -s "$cache/sources.list" ] || fail "no Debian mirror is configured; run apt-get update"
    (
        cd "$cache"
        set -- -qq -o "Dir::Etc::sourcelist=$cache/sources.list" -o Dir::Etc::sourceparts=/dev/null \
            -o "Dir::State::lists=$cache/lists" -o "Dir::Cache=$cache" -o APT::Sandbox::User=root
        apt-get "$@" update
        apt-get "$@" --download-only source erlang
        tar -xJf "$(ls erlang_*.orig.tar.xz | tail -n 1)" --wildcards --strip-components=4 \
            '*/erts/epmd/test/epmd_SUITE.erl'
    ) || fail "cannot fetch the source package erlang"
    [ -s "$cache/epmd_SUITE.erl" ] || fail "the source package has no epmd_SUITE.erl"
}

# clean ends what still runs (by asking on the ports that are ours, as the suite
# does) and removes the work folder.
clean() {
    "$work/bin/epmd" -port 2243 -relaxed_command_check -kill >/dev/null 2>&1 || true
    "$work/bin/epmd" -port "$private" -kill >/dev/null 2>&1 || true
    rm -rf "$work"
}

[ $# -eq 1 ] || fail "usage: run.sh EXECUTABLE"
[ -x "$1" ] || fail "$1 is not an executable"
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
command -v ct_run >/dev/null || fail "ct_run is missing (Debian package erlang-common-test)"
fetch

work=$(mktemp -d)
trap clean EXIT
trap 'exit 1' INT TERM
mkdir "$work/bin" "$work/suite" "$work/logs"
ln -s "$program" "$work/bin/epmd"
cp "$cache/epmd_SUITE.erl" "$work/suite/"
erlc -o "$work/suite" "$here/ts_install_cth.erl"

status=0
EPMD_UNDER_TEST=$work/bin ERL_EPMD_PORT=$private ct_run -noshell -pa "$work/suite" \
    -dir "$work/suite" -suite epmd_SUITE -logdir "${EPMD_SUITE_LOGS:-$work/logs}" \
    >"$work/output" 2>&1 || status=$?
summary=$(sed -n 's/.*TEST COMPLETE, \([0-9]* ok, [0-9]* failed\)\(, \([0-9]* skipped\)\)\{0,1\}.*/\1, \3/p' \
    "$work/output" | tail -n 1)
if [ "$summary" != "$want" ]; then
    tail -n 60 "$work/output" >&2
    if [ -z "${EPMD_SUITE_LOGS:-}" ]; then
        kept=$(mktemp -d)
        cp -r "$work/logs" "$kept/"
        echo "epmd_SUITE: logs are in $kept/logs (exit status of ct_run: $status)" >&2
    fi
fi
echo "epmd_SUITE: ${summary:-did not complete}"
[ "$summary" = "$want" ]
