package main

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// toolLab is an EPMD and two connected nodes of ours that the tools talk to.
type toolLab struct {
	port int
	env  map[string]string
	node *node.Node
}

func newToolLab(t *testing.T, host string, long bool) *toolLab {
	t.Helper()
	server := mapper.Start(t)
	l := &toolLab{port: int(server.Port())}
	l.env = map[string]string{"ERL_EPMD_PORT": strconv.Itoa(l.port), "FJ_DIST_COOKIE": "monster", "HOME": t.TempDir()}
	l.node = l.start(t, node.Options{Name: "one@" + host, LongNames: long})
	other := l.start(t, node.Options{Name: "two@" + host, LongNames: long})
	if _, err := other.Connect(t.Context(), l.node.Name()); err != nil {
		t.Fatal(err)
	}
	l.linked(t, 1)
	return l
}

// linked waits until the node knows so many others.
func (l *toolLab) linked(t *testing.T, count int) {
	t.Helper()
	const limit = 2 * time.Second
	for started := time.Now(); len(l.node.Nodes())+len(l.node.HiddenNodes()) != count; time.Sleep(time.Millisecond) {
		if time.Since(started) > 3*limit {
			t.Fatalf("knows %v and %v", l.node.Nodes(), l.node.HiddenNodes())
		}
	}
}

func (l *toolLab) start(t *testing.T, o node.Options) *node.Node {
	t.Helper()
	o.Cookie, o.EPMD, o.EPMDPort, o.ListenIP = "monster", node.EPMDExternal, l.port, "127.0.0.1"
	n, err := node.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Stop(context.Background()) })
	return n
}

// fjord runs the program within the test.
func (l *toolLab) fjord(args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = dispatch(append([]string{"fjord"}, args...), call{
		stdout: &out, stderr: &errs, sys: config.Env(l.env), getenv: func(name string) string { return l.env[name] },
	})
	return status, out.String(), errs.String()
}

func TestNodesAndRPC(t *testing.T) {
	for _, k := range []struct {
		host string
		long bool
	}{{"localhost", false}, {"127.0.0.1", true}} {
		t.Run(k.host, func(t *testing.T) {
			l := newToolLab(t, k.host, k.long)
			one := l.node.Name()
			handleForTools(l.node)
			for _, c := range []struct {
				args   []string
				status int
				stdout string
				stderr string // a part of it
			}{
				{[]string{"nodes", one}, 0, "two@" + k.host + "\n", ""},
				{[]string{"rpc", one, "m", "echo", `[[foo, "bar", #{a => 1}, <<"bin">>, 1.5]]`}, 0, "[foo,\"bar\",#{a => 1},<<\"bin\">>,1.5]\n", ""},
				{[]string{"rpc", one, "'m'", "echo", "['Ä']"}, 0, "'Ä'\n", ""},
				{[]string{"rpc", one, "erlang", "node"}, 0, etf.String(etf.Atom(one)) + "\n", ""},
				{[]string{"rpc", one, "erlang", "node", "[]"}, 0, etf.String(etf.Atom(one)) + "\n", ""},
				{[]string{"rpc", one, "no", "such", "[1]"}, 1, "", "** exception error: undefined function no:such/1\n"},
				{[]string{"rpc", one, "m", "exit", "[]"}, 1, "", "** exception exit: {bye,[]}\n"},
				{[]string{"rpc", "--timeout=1s", one, "m", "block", "[]"}, 1, "", "fjord rpc: no answer within 1s: call m:block/0"},
				{[]string{"rpc", "--dist-cookie=wrong", one, "m", "echo", "[1]"}, 1, "", "cookies differ"},
				{[]string{"nodes", "three@" + k.host}, 1, "", "fjord nodes: "},
				{[]string{"rpc", "three", "m", "f"}, 1, "", `"three" is not a node name`},
			} {
				status, stdout, stderr := l.fjord(c.args...)
				if status != c.status || stdout != c.stdout || !strings.Contains(stderr, c.stderr) || c.status == 0 && stderr != "" {
					t.Errorf("fjord %s: status %d\nstdout %s\nstderr %s", strings.Join(c.args, " "), status, stdout, stderr)
				}
			}
			if got := l.node.Nodes(); len(got) != 1 {
				t.Errorf("the tools are seen among %v", got)
			}
		})
	}
}

func handleForTools(n *node.Node) {
	n.Handle("m", "echo", 1, func(_ context.Context, _ node.Caller, args []etf.Term) (etf.Term, error) { return args[0], nil })
	n.Handle("m", "exit", 0, func(context.Context, node.Caller, []etf.Term) (etf.Term, error) {
		return nil, node.Exit(etf.Tuple{etf.Atom("bye"), etf.List{}})
	})
	n.Handle("m", "block", 0, func(ctx context.Context, _ node.Caller, _ []etf.Term) (etf.Term, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
}

// TestNodesMarksHiddenNodes: what nodes(hidden) says is told apart.
func TestNodesMarksHiddenNodes(t *testing.T) {
	l := newToolLab(t, "localhost", false)
	hidden := l.start(t, node.Options{Name: "aaa@localhost", Hidden: true})
	if _, err := hidden.Connect(t.Context(), l.node.Name()); err != nil {
		t.Fatal(err)
	}
	l.linked(t, 2)
	status, stdout, stderr := l.fjord("nodes", l.node.Name())
	if status != 0 || stdout != "two@localhost\naaa@localhost (hidden)\n" {
		t.Errorf("status %d\nstdout %s\nstderr %s", status, stdout, stderr)
	}
}

func TestSplitTool(t *testing.T) {
	for _, c := range []struct {
		args    []string
		flags   int
		words   int
		timeout time.Duration // 0: refused
	}{
		{nil, 0, 0, toolTimeout},
		{[]string{"--timeout=2", "a"}, 0, 1, 2 * time.Second},
		{[]string{"-timeout=150ms", "--dist-cookie=x", "a", "--b"}, 1, 2, 150 * time.Millisecond},
		{[]string{"--timeout", "a"}, 0, 0, 0},
		{[]string{"--timeout=0"}, 0, 0, 0},
		{[]string{"--timeout=-1s"}, 0, 0, 0},
	} {
		a, err := splitTool(c.args)
		if c.timeout == 0 {
			if err == nil {
				t.Errorf("%q is taken", c.args)
			}
			continue
		}
		if err != nil || len(a.flags) != c.flags || len(a.words) != c.words || a.timeout != c.timeout {
			t.Errorf("%q: %+v, %v", c.args, a, err)
		}
	}
}

func TestExceptions(t *testing.T) {
	for _, c := range []struct{ class, reason, stack, want string }{
		{"error", "undef", "[{foo,bar,[1],[]}]", "** exception error: undefined function foo:bar/1"},
		{"error", "undef", "[]", "** exception error: undef"},
		{
			"error", "function_clause", `[{lists,reverse,[a],[{file,"lists.erl"},{line,175}]},{m,f,0,[]}]`,
			"** exception error: no function clause matching lists:reverse(a) (lists.erl, line 175)\n     in call from m:f/0",
		},
		{
			"error", "badarg", "[{erlang,atom_to_list,[1],[{error_info,#{}}]},{m,f,2,[]}]",
			"** exception error: bad argument\n     in function  atom_to_list/1\n     in call from m:f/2",
		},
		{"error", "{badmatch,3}", "[]", "** exception error: no match of right hand side value 3"},
		{"error", "{erpc,notsup}", "[]", "** exception error: {erpc,notsup}"},
		{"error", `{go_error,<<"x">>}`, `junk`, `** exception error: {go_error,<<"x">>}`},
		{"error", "badarith", "[junk,{1,2,3,4}]", "** exception error: an error occurred when evaluating an arithmetic expression"},
		{"exit", "noproc", "[]", "** exception exit: noproc"},
		{"throw", "[1,ball]", "[]", "** exception throw: [1,ball]"},
	} {
		got := exception(&node.RemoteError{Class: c.class, Reason: parsed(t, c.reason), Stack: parsed(t, c.stack)})
		if got != c.want {
			t.Errorf("%s:%s\n got %s\nwant %s", c.class, c.reason, got, c.want)
		}
	}
}

func parsed(t *testing.T, text string) etf.Term {
	t.Helper()
	term, err := etf.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return term
}
