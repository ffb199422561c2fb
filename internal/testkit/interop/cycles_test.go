//go:build interop

package interop

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/global"
	"github.com/fjord-media/fjord/node/pg"
)

// TestCycles lets a BEAM node connect and disconnect many times, with calls, names
// and groups each time: our goroutines, files and memory are then as before. It runs
// alone, since it measures this process.
func TestCycles(t *testing.T) {
	cycles := 12
	if testkit.Soak() {
		cycles = 1000
	}
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			port := mapper.Start(t).Port()
			n := servedNode(t, int(port))
			b := testkit.StartBEAM(t, testkit.BEAMOptions{OTP: otp, Name: "b1@localhost", Cookie: cookie, Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", port)}})
			b.Expect(t, "element(1, pg:start(pg)).", "ok")
			cycle(t, n, b, 6)
			was := usage()
			begin := time.Now()
			cycle(t, n, b, cycles)
			t.Logf("%d cycles in %s", cycles, time.Since(begin).Round(time.Millisecond))
			testkit.Within(t, 5*time.Second, "everything is as before", func() bool {
				is := usage()
				ok := is.goroutines <= was.goroutines+2 && is.files <= was.files+2 && is.heap <= was.heap+uint64(cycles)*256+1<<20
				if !ok {
					t.Logf("was %+v, is %+v", was, is)
				}
				return ok
			})
			t.Logf("was %+v, is %+v", was, usage())
		})
	}
}

// servedNode is a node with all services, in this process.
func servedNode(t *testing.T, port int) *node.Node {
	t.Helper()
	n, err := node.Start(t.Context(), node.Options{Name: "c1@localhost", Cookie: cookie, EPMD: node.EPMDExternal, EPMDPort: port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Stop(context.Background()) })
	g, err := global.Start(n, global.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Stop(context.Background()) })
	scope, err := pg.Start(n, "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = scope.Stop(context.Background()) })
	// It traps exits: a link that is cut may take an unlink with it.
	box, err := n.Spawn("member", node.Callbacks{Exit: func(etf.Pid, etf.Term) {}})
	if err == nil {
		err = scope.Join(etf.Atom("cycle"), box.Pid())
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// cycle lets a BEAM node connect, do things and disconnect, so many times, 50 at a
// time: these take seconds. When they do not end, both sides show what they wait for.
func cycle(t *testing.T, n *node.Node, b *testkit.BEAM, times int) {
	t.Helper()
	const batch, limit = 50, 3 * time.Minute
	for from := 1; from <= times; from += batch {
		got, err := b.Try(limit, fmt.Sprintf(`Until = fun U(_, 0) -> late; U(F, N) -> case F() of true -> ok; _ -> timer:sleep(5), U(F, N - 1) end end,
			C = '%s', [begin
				true = net_kernel:connect_node(C), C = erpc:call(C, erlang, node, []), link(P = erpc:call(C, erlang, whereis, [member])), unlink(P),
				M = monitor(process, P),
				case N rem 4 of 0 -> ok = global:sync(), yes = global:register_name({cycle, N}, self()), global:unregister_name({cycle, N}); _ -> ok end,
				case N rem 3 of 0 -> ok = Until(fun() -> pg:get_members(cycle) =:= [P] end, 2000); _ -> ok end,
				true = erlang:disconnect_node(C), receive {'DOWN', M, _, _, noconnection} -> ok after 15000 -> exit(late) end,
				ok = Until(fun() -> nodes() =:= [] end, 2000)
			end || N <- lists:seq(%d, %d)], done.`, n.Name(), from, min(times, from+batch-1)))
		if err != nil || got != "done" {
			dump(t, n, b)
			t.Fatal(got, err)
		}
	}
	testkit.Within(t, 5*time.Second, "the last link is gone", func() bool { return len(n.ConnectedNodes()) == 0 })
}

// dump logs what both nodes are doing: stacks, and on the BEAM node messages that wait
// and the state of global.
func dump(t *testing.T, n *node.Node, b *testkit.BEAM) {
	t.Helper()
	stacks := make([]byte, 1<<20)
	t.Logf("%s is linked with %v\n%s", n.Name(), n.ConnectedNodes(), stacks[:runtime.Stack(stacks, true)])
	for _, expr := range []string{
		"{nodes(), erlang:system_info(process_count)}.",
		"sys:get_state(global_name_server, 2000).",
		"element(2, process_info(whereis(global_name_server), dictionary)).",
		"{ets:tab2list(global_locks), ets:tab2list(global_names)}.",
		`[{P, I} || P <- processes(), I <- [process_info(P, [registered_name, current_stacktrace, messages])], is_list(I),
			lists:any(fun({M, _, _, _}) -> lists:member(M, [global, erpc, net_kernel, gen_server, gen, pg, erl_eval]) end, element(2, lists:keyfind(current_stacktrace, 1, I)))].`,
	} {
		got, err := b.Try(5*time.Second, expr)
		t.Log(expr, "\n", got, err)
	}
}

// used is what this process uses.
type used struct {
	goroutines, files int
	heap              uint64
}

func usage() used {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd") // Linux only; none elsewhere
	return used{runtime.NumGoroutine(), len(files), m.HeapAlloc}
}
