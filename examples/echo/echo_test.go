package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startApp starts the example within the test.
func startApp(t *testing.T, port int, name string, nodes ...string) *app {
	t.Helper()
	a, err := start(t.Context(), options{
		name: name, cookie: "secret", scope: "pg", epmd: port, nodes: nodes, wait: 10 * time.Second, log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.stop(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func term(t *testing.T, text string) etf.Term {
	t.Helper()
	v, err := etf.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// call calls the server echo of a node from another.
func call(t *testing.T, from, to *app, request etf.Term) etf.Term {
	t.Helper()
	answer, err := from.node.GenCall(t.Context(), to.node.Name(), "echo", request)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestServer(t *testing.T) {
	port := int(mapper.Start(t).Port())
	a := startApp(t, port, "a@localhost")
	b := startApp(t, port, "b@localhost", "a@localhost", "b@localhost")
	for request, want := range map[string]string{
		"{echo, #{k => [1.5]}}":                  "#{k => [1.5]}",
		"{delay, 20, late}":                      "late",
		"{delay, -1, late}":                      "{error,badarg}",
		"{exit, self, x}":                        "{error,badarg}",
		"{nonsense}":                             "{error,unknown_request}",
		"unknown":                                "{error,unknown_request}",
		"{tell, {nobody, 'a@localhost'}, hello}": "ok",
	} {
		if got := etf.String(call(t, b, a, term(t, request))); got != want {
			t.Errorf("%s: got %s, want %s", request, got, want)
		}
	}
	if text, ok := etf.AsTagged(call(t, b, a, term(t, "{tell, {x, 'none@localhost'}, hello}")), "error", 2); !ok {
		t.Errorf("telling a node that is not there: %v", text)
	}
	var remote *node.RemoteError
	if _, err := b.node.GenCall(t.Context(), "a@localhost", "echo", term(t, "{crash, {my, reason}}")); !errors.As(err, &remote) || etf.String(remote.Reason) != "{my,reason}" {
		t.Errorf("crash: %v", err)
	}
	restarted(t, b, a)
	if got := call(t, b, a, etf.Atom("stop")); got != etf.Term(etf.Atom("ok")) {
		t.Errorf("stop: %v", got)
	}
	restarted(t, b, a)
	a.node.Whereis("echo").Terminate(etf.Atom("kill"))
	restarted(t, b, a)
}

// restarted waits until the server answers again, and is known by the groups
// and names of the other node as well.
func restarted(t *testing.T, from, to *app) {
	t.Helper()
	testkit.Within(t, 2*time.Second, "the server runs again", func() bool {
		answer, err := from.node.GenCall(t.Context(), to.node.Name(), "echo", etf.Tuple{etf.Atom("echo"), int64(1)})
		return err == nil && answer == etf.Term(int64(1))
	})
	testkit.Within(t, 5*time.Second, "it is published again", func() bool {
		p := to.node.Whereis("echo")
		named, ok := from.global.Whereis(globalName(to.node.Name()))
		return p != nil && ok && named == p.Pid() && len(from.scope.Members(etf.Atom("echo"))) == 2
	})
}

func TestWorkers(t *testing.T) {
	port := int(mapper.Start(t).Port())
	a := startApp(t, port, "a@localhost")
	b := startApp(t, port, "b@localhost", "a@localhost")
	box, err := b.node.Mailbox("", 0)
	if err != nil {
		t.Fatal(err)
	}
	worker := func() etf.Pid {
		t.Helper()
		ok, tagged := etf.AsTagged(call(t, b, a, etf.Atom("spawn_worker")), "ok", 2)
		if !tagged {
			t.Fatalf("got %v", ok)
		}
		return ok[1].(etf.Pid)
	}
	receive := func() any {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), testkit.Slack*2*time.Second)
		defer cancel()
		got, err := box.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	w := worker()
	if err := box.Link(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if _, err := box.Monitor(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if err := box.Send(t.Context(), w, etf.Tuple{etf.Atom("echo"), box.Pid(), etf.Atom("hi")}); err != nil {
		t.Fatal(err)
	}
	if m, ok := receive().(node.Message); !ok || etf.String(m.Term.(etf.Tuple)[1]) != "hi" {
		t.Errorf("got %v", m)
	}
	if got := call(t, b, a, etf.Tuple{etf.Atom("exit"), w, etf.Atom("enough")}); got != etf.Term(etf.Atom("ok")) {
		t.Errorf("exit: %v", got)
	}
	for range 2 {
		switch x := receive().(type) {
		case node.ExitSignal:
			if x.From != w || x.Reason != etf.Term(etf.Atom("enough")) {
				t.Errorf("got %v", x)
			}
		case node.DownSignal:
			if x.What != etf.Term(w) || x.Reason != etf.Term(etf.Atom("enough")) {
				t.Errorf("got %v", x)
			}
		default:
			t.Errorf("got %v", x)
		}
	}
}

func TestCounter(t *testing.T) {
	port := int(mapper.Start(t).Port())
	startApp(t, port, "a@localhost")
	b := startApp(t, port, "b@localhost", "a@localhost")
	box, err := b.node.Mailbox("", 0)
	if err != nil {
		t.Fatal(err)
	}
	to := etf.Tuple{etf.Atom("counter"), etf.Atom("a@localhost")}
	for _, n := range []int64{1, 2, 3, 6, 5, 7, 10} {
		if err := box.Send(t.Context(), to, etf.Tuple{n, "text"}); err != nil {
			t.Fatal(err)
		}
	}
	report := func(request string) string {
		t.Helper()
		answer, err := b.node.GenCall(t.Context(), "a@localhost", "counter", etf.Atom(request))
		if err != nil {
			t.Fatal(err)
		}
		return etf.String(answer)
	}
	// The call comes from another process, so it may overtake the messages.
	const want = "#{gaps => [{4,5},{8,9}],last => 10,late => 1,received => 7}"
	testkit.Within(t, 2*time.Second, "all is counted", func() bool { return report("report") == want })
	if got := report("reset"); got != "ok" {
		t.Errorf("reset: %s", got)
	}
	if got := report("report"); got != "#{gaps => [],last => 0,late => 0,received => 0}" {
		t.Errorf("afterwards: %s", got)
	}
	if got := report("nonsense"); got != "{error,badarg}" {
		t.Errorf("nonsense: %s", got)
	}
}
