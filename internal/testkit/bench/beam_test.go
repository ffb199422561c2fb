//go:build bench

package bench

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// calls measures gen_server calls and usage calls from a shell to Fjord, and
// gen_server calls between two shells beside them.
func TestBenchCallsFromErl(t *testing.T) {
	c := testkit.NewCluster(t)
	f := c.Node(t, "fjord@localhost", "FJ_LOG_LEVEL", "warning").WaitUp(t)
	erl := func(name string) *testkit.BEAM {
		return testkit.StartBEAM(t, testkit.BEAMOptions{Name: name + "@localhost", Env: c.EPMDEnv()})
	}
	a, b := erl("a"), erl("b")
	for _, node := range []string{"fjord", "b"} {
		a.Expect(t, `net_adm:ping('`+node+`@localhost').`, `pong`)
	}
	b.Eval(t, `register(echo, spawn(fun() -> L = fun(L) -> receive {'$gen_call', F, M} -> gen_server:reply(F, M), L(L) end end, L(L) end)).`)
	measure := func(what, call string) {
		t.Helper()
		value, err := a.Try(2*time.Minute, `Call = fun() -> `+call+` end, [Call() || _ <- lists:seq(1, 500)],
			All = lists:sort([element(1, timer:tc(Call)) || _ <- lists:seq(1, 5000)]), {lists:nth(2500, All), lists:nth(4950, All)}.`)
		if err != nil {
			t.Fatal(err)
		}
		p50, p99, ok := strings.Cut(strings.Trim(value, "{}"), ",")
		if _, err := strconv.Atoi(p50); err != nil || !ok {
			t.Fatalf("%s: %s", what, value)
		}
		row(what, fmt.Sprintf("%s / %s µs", p50, p99), "p50 / p99")
	}
	measure("erl → erl, gen_server:call", `gen_server:call({echo, 'b@localhost'}, hello)`)
	measure("erl → Fjord, is_auth to net_kernel (gen_server:call)", `gen_server:call({net_kernel, 'fjord@localhost'}, {is_auth, node()})`)
	measure("erl → erl, erpc:call", `erpc:call('b@localhost', erlang, node, [])`)
	measure("erl → Fjord, erpc:call of the usage function", `erpc:call('fjord@localhost', 'Elixir.Fishjam.RoomService', get_resource_usage, [])`)
	if !f.Up() {
		t.Error("Fjord has stopped answering")
	}
}
