//go:build interop

package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node/etf"
)

// TestInteropTools asks real nodes.
func TestInteropTools(t *testing.T) {
	for _, otp := range testkit.OTPs(t) {
		for _, k := range []struct {
			host string
			long bool
		}{{"localhost", false}, {"127.0.0.1", true}} {
			t.Run("otp"+otp.Release+"/"+k.host, func(t *testing.T) {
				l := newToolLab(t, k.host, k.long)
				beam := func(alive string) *testkit.BEAM {
					return testkit.StartBEAM(t, testkit.BEAMOptions{
						OTP: otp, Name: alive + "@" + k.host, Long: k.long, Cookie: "monster", Env: []string{"ERL_EPMD_PORT=" + l.env["ERL_EPMD_PORT"]},
					})
				}
				a, b := beam("a"), beam("b")
				a.Expect(t, "net_adm:ping('"+b.Node+"').", "pong")
				a.Eval(t, "net_kernel:monitor_nodes(true), register(watcher, spawn(fun() -> ok = net_kernel:monitor_nodes(true), receive {nodeup, N} -> exit({seen, N}) end end)).")
				askBEAM(t, l, otp, a, b)
				a.Expect(t, "is_pid(whereis(watcher)).", "true")
				a.Expect(t, "nodes() =:= ['"+b.Node+"'].", "true")
			})
		}
	}
}

// place is how later releases print where a function failed.
var place = regexp.MustCompile(`\((\w+\.erl):(\d+)\)`)

func askBEAM(t *testing.T, l *toolLab, otp testkit.OTP, a, b *testkit.BEAM) {
	t.Helper()
	if status, stdout, stderr := l.fjord("nodes", a.Node); status != 0 || stdout != b.Node+"\n" {
		t.Errorf("nodes: status %d, %s%s", status, stdout, stderr)
	}
	for _, c := range []struct{ module, function, args, printed string }{
		{"lists", "reverse", `["abc"]`, `"cba"`},
		{"maps", "from_list", `[[{k, <<"v">>}, {2.5, 'A b'}]]`, `#{2.5 => 'A b',k => <<"v">>}`},
		{"erlang", "term_to_binary", "[{}]", "<<131,104,0>>"},
		{"erlang", "node", "", etf.String(etf.Atom(a.Node))},
	} {
		status, stdout, stderr := l.fjord("rpc", a.Node, c.module, c.function, c.args)
		if status != 0 || stdout != c.printed+"\n" {
			t.Errorf("%s:%s(%s): status %d\n got %s%swant %s", c.module, c.function, c.args, status, stdout, stderr, c.printed)
		}
	}
	for _, c := range []struct{ module, function, args string }{
		{"no", "such", "[1]"},
		{"lists", "reverse", "[a]"},
		{"erlang", "atom_to_list", "[1]"},
		{"erlang", "exit", "[{a,b}]"},
		{"erlang", "throw", "[ball]"},
		{"maps", "get", "[a,#{}]"},
		{"erlang", "error", "[{badmatch,<<\"x\">>}]"},
		{"erlang", "'+'", "[a,1]"},
	} {
		status, stdout, stderr := l.fjord("rpc", a.Node, c.module, c.function, c.args)
		shell := a.Eval(t, `try apply(`+c.module+`, `+c.function+`, `+c.args+`) catch C:R:S ->
			unicode:characters_to_binary(erl_error:format_exception(1, C, R, S, fun(_, _, _) -> false end, fun(T, _) -> io_lib:format("~0tp", [T]) end)) end.`)
		first, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(shell, `">>`), `<<"`), `\n`)
		first = place.ReplaceAllString(first, "($1, line $2)")
		if otp.Release == "23" { // which has no words for it
			first = strings.ReplaceAll(first, "{badkey,a}", "bad key: a")
		}
		got, _, _ := strings.Cut(strings.TrimPrefix(stderr, "** "), "\n")
		if status != 1 || stdout != "" || got != strings.ReplaceAll(first, `\"`, `"`) {
			t.Errorf("%s:%s(%s): status %d %s\n got %s\nerl says %s", c.module, c.function, c.args, status, stdout, stderr, first)
		}
	}
}
