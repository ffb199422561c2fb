package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

func TestFunctions(t *testing.T) {
	port := startMapper(t)
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
	port := startMapper(t)
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
