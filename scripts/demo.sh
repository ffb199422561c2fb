#!/usr/bin/env bash
# Two Fjord nodes on this machine form a cluster and share two rooms; both
# then stay up until Ctrl-C. Run it with `make demo`.
set -uo pipefail
cd "$(dirname "$0")/.."
fjord=${FJORD_BIN:-bin/fjord}

token="authorization: Bearer development"
log=$(mktemp -d)
pids=()

finish() {
  trap - EXIT INT TERM HUP
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
  wait
  rm -rf "$log"
  exit "$1"
}
trap 'finish 0' INT TERM HUP
trap 'finish 1' EXIT

die() { echo "demo: $*" >&2; exit 1; }

# port_free PORT VARIABLE
port_free() {
  if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
    die "something already listens on port $1 (the demo's $2); stop it and try again: ss -ltnp 'sport = :$1'"
  fi
}

# node NAME VARIABLE=VALUE... starts a node in the background, in a session of its own
# so that a terminal's Ctrl-C reaches it once, through finish; its log gets a prefix.
node() {
  local name=$1
  shift
  setsid env FJ_SECRET_KEY_BASE=demonstration FJ_DIST_ENABLED=true FJ_DIST_EPMD=embedded \
    "FJ_DIST_NODE_NAME=$name@localhost" "$@" \
    "$fjord" > >(trap '' INT TERM; sed -u "s/^/$name | /" | tee "$log/$name") 2>&1 &
  pids+=($!)
}

# await SECONDS WHAT COMMAND... polls until the command succeeds or a node has ended.
await() {
  local tries=$(($1 * 10)) what=$2 pid
  shift 2
  until "$@" >/dev/null 2>&1; do
    for pid in "${pids[@]}"; do
      kill -0 "$pid" 2>/dev/null || { sleep 0.3; die "a node has ended; its last lines above say why"; }
    done
    [ $((tries -= 1)) -gt 0 ] || die "$what: not within the time allowed"
    sleep 0.1
  done
}

# room shows the manual's command and its answer, and notes the address answered.
room() {
  local answer
  echo
  echo '$ curl -X POST -H "authorization: Bearer development" http://localhost:4002/room'
  answer=$(curl -sS -X POST -H "$token" http://localhost:4002/room) || die "the request failed"
  echo "$answer"
  echo "$answer" | grep -o '"fishjam_address":"[^"]*"' >>"$log/addresses"
}

command -v curl >/dev/null || die "curl is missing: apt-get install curl"
[ -x "$fjord" ] || die "$fjord is missing: run make build"
port_free 4001 "FJ_PORT of f1"
port_free 4002 "FJ_PORT of f2"
port_free 9568 "FJ_METRICS_PORT of f1"
port_free 9468 "FJ_METRICS_PORT of f2"

# Both get the same list: a node's own name in it does no harm.
node f1 FJ_HOST=localhost:4001 FJ_PORT=4001 FJ_METRICS_PORT=9568 FJ_DIST_NODES=f1@localhost
await 10 "f1 answers" curl -sf http://localhost:4001/livez
node f2 FJ_HOST=localhost:4002 FJ_PORT=4002 FJ_METRICS_PORT=9468 FJ_DIST_NODES=f1@localhost
await 10 "f2 answers" curl -sf http://localhost:4002/livez
await 10 "f2 connects to f1" grep -q 'connected to :f1@localhost' "$log/f2"

echo
echo "The nodes are a cluster. Two rooms, both asked of f2:"
room
room
echo
[ "$(sort -u "$log/addresses" | wc -l)" = 2 ] || die "both rooms are on one node"

cat <<'EOF'
One room is on localhost:4001 and one on localhost:4002: each went to the node with the lowest load.
Both nodes stay up until Ctrl-C. In another terminal, try:

  curl -H "authorization: Bearer development" http://localhost:4001/room                 # the rooms on f1
  curl -X DELETE -H "authorization: Bearer development" http://localhost:4001/room/ID    # delete one
  curl -H "authorization: Bearer development" http://localhost:4002/health               # nodesInCluster is 2
  bin/fjord names                                                                       # what epmd -names prints

or open http://localhost:4001/dashboard in a browser (the token is development), create rooms and add peers to them,

or join with a real Erlang shell:

  erl -sname me@localhost -setcookie fishjam_cookie
  1> net_adm:ping('f2@localhost').
  2> nodes().
  3> erpc:call('f1@localhost', 'Elixir.Fishjam.RoomService', get_resource_usage, []).

EOF
wait -n "${pids[@]}"
sleep 0.3
die "a node has ended; its last lines above say why"
