package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

func TestFunctions(t *testing.T) {
	port := int(mapper.Start(t).Port())
	startApp(t, port, "a@localhost")
	b := startApp(t, port, "b@localhost", "a@localhost")
	call := func(function string, args ...etf.Term) (etf.Term, error) {
		return b.node.Call(t.Context(), "a@localhost", "echo", function, args...)
	}
	group, name := etf.Tuple{etf.Atom("g"), int64(1)}, etf.Atom("leader")
	for _, c := range []struct {
		function string
		args     etf.List
		want     string
	}{
		{"echo", etf.L("x"), `<<"x">>`},
		{"sleep", etf.L(1), "ok"},
		{"whoami", nil, "b@localhost"},
		{"members", etf.L(group), "[]"},
		{"whereis", etf.L(name), "undefined"},
		{"unregister", etf.L(name), "ok"},
	} {
		if got, err := call(c.function, c.args...); err != nil || etf.String(got) != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.function, etf.String(got), err, c.want)
		}
	}
	for _, class := range []string{node.ClassError, node.ClassExit, node.ClassThrow} {
		var remote *node.RemoteError
		if _, err := call("fail", etf.Atom(class), etf.Atom("why")); !errors.As(err, &remote) || remote.Class != class || remote.Reason != etf.Term(etf.Atom("why")) {
			t.Errorf("%s: %v", class, err)
		}
	}
	if _, err := call("sleep", etf.Atom("long")); err == nil {
		t.Error("sleeps for an atom")
	}
	member, err := call("join", group)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Within(t, time.Second, "the member is known", func() bool {
		list := b.scope.Members(group)
		return len(list) == 1 && etf.Term(list[0]) == member
	})
	leader, err := call("register", name)
	if err != nil {
		t.Fatal(err)
	}
	if pid, ok := b.global.Whereis(name); !ok || etf.Term(pid) != leader {
		t.Errorf("the other node has %v", pid)
	}
	if _, err := call("register", name); err == nil {
		t.Error("registered twice")
	}
}

// TestRun runs the whole program, in vain and for a moment.
func TestRun(t *testing.T) {
	port := int(mapper.Start(t).Port())
	t.Setenv("ERL_EPMD_PORT", etf.String(int64(port)))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := run(ctx, []string{"-name", "run@localhost", "-nodes", "none@localhost", "-wait", "100ms"}); err != nil {
		t.Errorf("with a node that is not there: %v", err)
	}
	for _, args := range [][]string{{"-name", "bad"}, {"-nodes", "bad", "-wait", "100ms"}, {"-scope", "net_kernel"}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%s: runs", strings.Join(args, " "))
		}
	}
	t.Setenv("ERL_EPMD_PORT", "x")
	if _, err := parse(nil); err == nil {
		t.Error("x is a port")
	}
}

// TestOutgoing: a node calls another on behalf of a third.
func TestOutgoing(t *testing.T) {
	port := int(mapper.Start(t).Port())
	startApp(t, port, "a@localhost")
	b := startApp(t, port, "b@localhost", "a@localhost")
	box, err := b.node.Mailbox("", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ function, args, want string }{
		{"ping", "['b@localhost']", "pong"}, {"ping", "['none@localhost']", "pang"}, {"sync", "[]", "ok"},
		{"call", "['b@localhost',echo,echo,[{x}],1000]", "{ok,{x}}"}, {"call", "['b@localhost',echo,fail,[exit,why],1000]", "{exit,why}"},
		{"call", "['b@localhost',no,such,[],1000]", "{error,undef}"}, {"call", "['b@localhost',echo,sleep,[2000],20]", "{error,timeout}"},
		{"call", "['none@localhost',echo,echo,[1],1000]", "{error,noconnection}"},
		{"gen_call", "['b@localhost',echo,{echo,1},1000]", "{ok,1}"}, {"gen_call", "['b@localhost',nobody,x,1000]", "{error,noproc}"},
		{"gen_call", "['b@localhost',echo,{delay,500,x},20]", "{error,timeout}"},
	} {
		got, err := b.node.Call(t.Context(), "a@localhost", "echo", c.function, term(t, c.args).(etf.List)...)
		if err != nil || etf.String(got) != c.want {
			t.Errorf("%s%s: got %s, %v, want %s", c.function, c.args, etf.String(got), err, c.want)
		}
	}
	for _, c := range []struct{ function, args string }{
		{"ping", "[1]"}, {"call", "[a,b,c,d,1]"}, {"gen_call", "[a,b,c,-1]"}, {"stream", "[x,y,z]"},
	} {
		var remote *node.RemoteError
		if _, err := b.node.Call(t.Context(), "a@localhost", "echo", c.function, term(t, c.args).(etf.List)...); !errors.As(err, &remote) || remote.Reason != etf.Term(etf.Atom("badarg")) {
			t.Errorf("%s%s: %v", c.function, c.args, err)
		}
	}
	if got, err := b.node.Call(t.Context(), "a@localhost", "echo", "stream", box.Pid(), int64(3), int64(2)); err != nil || got != etf.Term(etf.Atom("ok")) {
		t.Fatalf("stream: %v, %v", got, err)
	}
	for n := range 3 {
		signal, err := box.Receive(t.Context())
		if m, ok := signal.(node.Message); err != nil || !ok || etf.String(m.Term) != etf.String(etf.Tuple{int64(n + 1), []byte{0, 0}}) {
			t.Errorf("message %d is %v, %v", n, signal, err)
		}
	}
}

// TestWorkersWatch: a worker tells of what it monitors and of what it is linked to.
func TestWorkersWatch(t *testing.T) {
	port := int(mapper.Start(t).Port())
	startApp(t, port, "a@localhost")
	b := startApp(t, port, "b@localhost", "a@localhost")
	box, err := b.node.Mailbox("", 0)
	if err != nil {
		t.Fatal(err)
	}
	spawn := func() etf.Term {
		t.Helper()
		pid, err := b.node.Call(t.Context(), "a@localhost", "echo", "spawn_worker")
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	say := func(to etf.Term, elements ...etf.Term) {
		t.Helper()
		if err := box.Send(t.Context(), to, etf.Tuple(elements)); err != nil {
			t.Fatal(err)
		}
	}
	hear := func() string {
		t.Helper()
		signal, err := box.Receive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tuple, _ := signal.(node.Message).Term.(etf.Tuple)
		return etf.String(tuple[0]) + " " + etf.String(tuple[len(tuple)-1])
	}
	w := spawn()
	say(w, etf.Atom("trap"), box.Pid())
	for _, act := range []struct {
		tag  string
		size int
		want string
	}{{"monitor", 3, "down bye"}, {"link", 2, "trapped bye"}} {
		other, err := b.startWorker()
		if err != nil {
			t.Fatal(err)
		}
		request := etf.Tuple{etf.Atom(act.tag), other.Pid(), box.Pid()}
		say(w, request[:act.size]...)
		say(w, etf.Atom("echo"), box.Pid(), etf.Atom("done"))
		if got := hear(); !strings.HasSuffix(got, " done") {
			t.Errorf("heard %s", got)
		}
		other.Terminate(etf.Atom("bye"))
		if got := hear(); got != act.want {
			t.Errorf("heard %s, want %s", got, act.want)
		}
	}
	say(w, etf.Atom("monitor"), etf.Tuple{etf.Atom("x"), etf.Atom("none@localhost")}, box.Pid())
	if got := hear(); got != "down noconnection" {
		t.Errorf("heard %s", got)
	}
	say(w, etf.Atom("exit"), etf.Atom("normal"))
}
