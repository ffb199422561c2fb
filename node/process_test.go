package node

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// pair is two connected nodes; "far" may be the same node, for local signals.
type pair struct{ near, far *Node }

// nearAndFar runs a test between two nodes and within one.
func nearAndFar(t *testing.T, f func(t *testing.T, p pair)) {
	t.Run("remote", func(t *testing.T) {
		l := newLab(t)
		p := pair{l.start(t, "near@localhost"), l.start(t, "far@localhost")}
		mustConnect(t, p.near, p.far.Name())
		f(t, p)
	})
	t.Run("local", func(t *testing.T) {
		n := newLab(t).start(t, "near@localhost")
		f(t, pair{n, n})
	})
}

func (p pair) named(name string) etf.Term { return tuple(atom(name), atom(p.far.Name())) }

func TestSendReachesPidNameAndAlias(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		to := mailbox(t, p.far, "target")
		from := mailbox(t, p.near, "")
		for i, target := range []etf.Term{to.Pid(), p.named("target"), to.Alias()} {
			if err := from.Send(t.Context(), target, int64(i)); err != nil {
				t.Fatal(err)
			}
			if got := receive[Message](t, to); got.Term != etf.Term(int64(i)) || got.From != from.Pid() {
				t.Errorf("target %d got %+v", i, got)
			}
		}
		if err := from.Post(to.Pid(), "posted"); err != nil {
			t.Error(err)
		}
		receive[Message](t, to)
	})
}

func TestSendToNobodyIsDropped(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		to, from := mailbox(t, p.far, "x"), mailbox(t, p.near, "")
		gone, alias := to.Pid(), to.Alias()
		to.Unalias(alias)
		old := to.Pid()
		old.Creation++
		for _, target := range []etf.Term{alias, p.named("nobody"), old} {
			if err := from.Send(t.Context(), target, atom("lost")); err != nil {
				t.Error(err)
			}
		}
		if err := from.Send(t.Context(), gone, atom("last")); err != nil {
			t.Error(err)
		}
		if got := receive[Message](t, to); got.Term != etf.Term(atom("last")) {
			t.Errorf("got %v", got)
		}
		if err := from.Send(t.Context(), int64(1), atom("x")); !errors.Is(err, ErrBadTarget) {
			t.Errorf("bad target: %v", err)
		}
		if p.near != p.far {
			if err := from.Send(t.Context(), gone, make(chan int)); !errors.Is(err, etf.ErrType) {
				t.Errorf("no term: %v", err)
			}
		}
		if err := from.Send(t.Context(), tuple(atom("x"), atom("no@localhost")), int64(1)); !errors.Is(err, ErrNoConnection) || !errors.Is(err, ErrNotRegistered) {
			t.Errorf("no node: %v", err)
		}
		if err := from.Post(tuple(atom("x"), atom("no@localhost")), int64(1)); !errors.Is(err, ErrNoConnection) {
			t.Errorf("post to no node: %v", err)
		}
	})
}

func TestNamesAreUniqueAndFreeAtOnce(t *testing.T) {
	n := newLab(t).start(t, "a@localhost")
	p, err := n.Spawn("worker", Callbacks{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Spawn("worker", Callbacks{}); !errors.Is(err, ErrNameTaken) {
		t.Errorf("second of the name: %v", err)
	}
	for _, bad := range []string{"undefined", "\xff", fmt.Sprintf("%0256d", 0)} {
		if _, err := n.Spawn(bad, Callbacks{}); !errors.Is(err, ErrBadName) {
			t.Errorf("name %q: %v", bad, err)
		}
	}
	if n.Whereis("worker") != p || p.Name() != "worker" || p.Node() != n {
		t.Error("Whereis does not find it")
	}
	p.Terminate(atomNormal)
	p.Terminate(atomNormal)
	if _, err := n.Spawn("worker", Callbacks{}); err != nil {
		t.Error(err)
	}
	if got := fmt.Sprint(n.RegisteredNames()); got != "[logger_proxy net_kernel rex worker]" {
		t.Errorf("names %s", got)
	}
}

func TestMonitor(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		watcher := mailbox(t, p.near, "")
		target := mailbox(t, p.far, "target")
		byPid, err := watcher.Monitor(t.Context(), target.Pid())
		if err != nil {
			t.Fatal(err)
		}
		byName, err := watcher.Monitor(t.Context(), p.named("target"))
		if err != nil {
			t.Fatal(err)
		}
		stopped, err := watcher.Monitor(t.Context(), target.Pid())
		if err != nil {
			t.Fatal(err)
		}
		watcher.Demonitor(stopped)
		settle(t, watcher, target)
		target.Terminate(tuple(atom("because"), int64(1)))
		want := map[etf.Ref]string{byPid: etf.String(target.Pid()), byName: etf.String(p.named("target"))}
		for range 2 {
			d := receive[DownSignal](t, watcher)
			if etf.String(d.What) != want[d.Ref] || etf.String(d.Reason) != "{because,1}" {
				t.Errorf("got %+v, want %s", d, want[d.Ref])
			}
			delete(want, d.Ref)
		}
		for _, gone := range []etf.Term{target.Pid(), p.named("target"), p.named("never")} {
			ref, err := watcher.Monitor(t.Context(), gone)
			if err != nil {
				t.Fatal(err)
			}
			if d := receive[DownSignal](t, watcher); d.Ref != ref || d.Reason != etf.Term(atomNoproc) {
				t.Errorf("monitor of %s: %+v", etf.String(gone), d)
			}
		}
		if _, err := watcher.Monitor(t.Context(), atom("x")); !errors.Is(err, ErrBadTarget) {
			t.Errorf("bad target: %v", err)
		}
	})
}

// settle waits until all that from sent to to has arrived.
func settle(t *testing.T, from, to *Mailbox) {
	t.Helper()
	if err := from.Send(t.Context(), to.Pid(), atom("settle")); err != nil {
		t.Fatal(err)
	}
	if m := receive[Message](t, to); m.Term != etf.Term(atom("settle")) {
		t.Fatalf("got %v", m)
	}
}

func TestLink(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		a := mailbox(t, p.near, "")
		link := func(other *Mailbox) {
			t.Helper()
			if err := a.Link(t.Context(), other.Pid()); err != nil {
				t.Fatal(err)
			}
			settle(t, a, other)
		}
		b := mailbox(t, p.far, "")
		link(b)
		b.Terminate(atom("crash"))
		if e := receive[ExitSignal](t, a); e.From != b.Pid() || e.Reason != etf.Term(atom("crash")) {
			t.Errorf("exit %+v", e)
		}
		c := mailbox(t, p.far, "")
		link(c)
		a.Unlink(c.Pid())
		settle(t, a, c)
		c.Terminate(atom("crash"))
		d := mailbox(t, p.far, "")
		link(d)
		d.Terminate(atomNormal)
		if e := receive[ExitSignal](t, a); e.From != d.Pid() || e.Reason != etf.Term(atomNormal) {
			t.Errorf("a normal end: %+v", e)
		}
		within(t, time.Second, "tie gone", func() bool {
			p.near.relations.Lock()
			defer p.near.relations.Unlock()
			return a.ties[d.Pid()] == nil
		})
		if err := a.Link(t.Context(), d.Pid()); err != nil {
			t.Fatal(err)
		}
		if e := receive[ExitSignal](t, a); e.From != d.Pid() || e.Reason != etf.Term(atomNoproc) {
			t.Errorf("link to nobody: %+v", e)
		}
		e := mailbox(t, p.far, "")
		link(e)
		a.Terminate(atom("mine"))
		if x := receive[ExitSignal](t, e); x.From != a.Pid() || x.Reason != etf.Term(atom("mine")) {
			t.Errorf("other way: %+v", x)
		}
	})
}

// TestRelink links, unlinks and links again before the unlink is acknowledged.
func TestRelink(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		a, b := mailbox(t, p.near, ""), mailbox(t, p.far, "")
		for range 50 {
			if err := a.Link(t.Context(), b.Pid()); err != nil {
				t.Fatal(err)
			}
			a.Unlink(b.Pid())
		}
		if err := a.Link(t.Context(), b.Pid()); err != nil {
			t.Fatal(err)
		}
		settle(t, a, b)
		b.Terminate(atom("x"))
		if e := receive[ExitSignal](t, a); e.Reason != etf.Term(atom("x")) {
			t.Errorf("exit %+v", e)
		}
	})
}

func TestExitProcess(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		killer := mailbox(t, p.near, "")
		for _, tt := range []struct{ reason, seen string }{{"kill", "killed"}, {"shutdown", "shutdown"}} {
			victim, err := p.far.Spawn("", Callbacks{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := killer.Monitor(t.Context(), victim.Pid()); err != nil {
				t.Fatal(err)
			}
			if err := killer.ExitProcess(t.Context(), victim.Pid(), atomNormal); err != nil {
				t.Fatal(err) // harmless
			}
			if err := killer.ExitProcess(t.Context(), victim.Pid(), atom(tt.reason)); err != nil {
				t.Fatal(err)
			}
			if d := receive[DownSignal](t, killer); d.Reason != etf.Term(atom(tt.seen)) {
				t.Errorf("%s: %+v", tt.reason, d)
			}
		}
		box := mailbox(t, p.far, "")
		if err := killer.ExitProcess(t.Context(), box.Pid(), atomNormal); err != nil {
			t.Fatal(err)
		}
		if e := receive[ExitSignal](t, box); e.From != killer.Pid() || e.Reason != etf.Term(atomNormal) {
			t.Errorf("normal: %+v", e)
		}
		if err := killer.ExitProcess(t.Context(), box.Pid(), atomKill); err != nil {
			t.Fatal(err)
		}
		if _, err := box.Receive(t.Context()); !errors.Is(err, ErrNoProc) {
			t.Errorf("killed mailbox: %v", err)
		}
	})
}

func TestConnectionLossIsTold(t *testing.T) {
	l := newLab(t)
	near, far := l.start(t, "near@localhost"), l.start(t, "far@localhost")
	a, b := mailbox(t, near, ""), mailbox(t, far, "b")
	if err := a.Link(t.Context(), b.Pid()); err != nil {
		t.Fatal(err)
	}
	c := mailbox(t, near, "")
	ref, err := c.Monitor(t.Context(), tuple(atom("b"), atom(far.Name())))
	if err != nil {
		t.Fatal(err)
	}
	settle(t, a, b)
	stop(t, far)
	if e := receive[ExitSignal](t, a); e.From != b.Pid() || e.Reason != etf.Term(atomNoconnection) {
		t.Errorf("link: %+v", e)
	}
	if d := receive[DownSignal](t, c); d.Ref != ref || d.Reason != etf.Term(atomNoconnection) {
		t.Errorf("monitor: %+v", d)
	}
	near.relations.Lock()
	defer near.relations.Unlock()
	if len(a.ties)+len(c.monitors)+len(near.self.watched) != 0 {
		t.Error("relations are left")
	}
}

func TestPanicInCallbackEndsTheProcess(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		bad, err := p.far.Spawn("bad", Callbacks{Message: func(Message) { panic("oops") }})
		if err != nil {
			t.Fatal(err)
		}
		w := mailbox(t, p.near, "")
		if _, err := w.Monitor(t.Context(), bad.Pid()); err != nil {
			t.Fatal(err)
		}
		if err := w.Send(t.Context(), bad.Pid(), int64(1)); err != nil {
			t.Fatal(err)
		}
		if d := receive[DownSignal](t, w); etf.String(d.Reason) != `{go_panic,<<"oops">>}` {
			t.Errorf("reason %s", etf.String(d.Reason))
		}
		if bad.Alive() || p.far.Whereis("bad") != nil {
			t.Error("the process lives on")
		}
	})
}

func TestUnencodableReasonIsReplaced(t *testing.T) {
	l := newLab(t)
	near, far := l.start(t, "near@localhost"), l.start(t, "far@localhost")
	w, target := mailbox(t, near, ""), mailbox(t, far, "")
	mustConnect(t, near, far.Name())
	if _, err := w.Monitor(t.Context(), target.Pid()); err != nil {
		t.Fatal(err)
	}
	settle(t, w, target)
	target.Terminate(make(chan int))
	if d := receive[DownSignal](t, w); d.Reason != etf.Term(atom("unencodable")) {
		t.Errorf("reason %v", d.Reason)
	}
}

func TestMailboxHoldsTheSenderBack(t *testing.T) {
	l := newLab(t)
	near, far := l.start(t, "near@localhost"), l.start(t, "far@localhost")
	box, err := far.Mailbox("slow", 4)
	if err != nil {
		t.Fatal(err)
	}
	from := mailbox(t, near, "")
	big := make([]byte, 1<<20)
	sent := 0
	for ; sent < 200; sent++ {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		err := from.Send(ctx, box.Pid(), tuple(int64(sent), big))
		cancel()
		if err != nil {
			break
		}
	}
	if sent == 200 {
		t.Fatal("200 MB fit into a mailbox of 4")
	}
	t.Logf("%d messages of 1 MiB on their way to a mailbox of 4", sent)
	for i := range sent {
		if got := receive[Message](t, box); got.Term.(etf.Tuple)[0] != etf.Term(int64(i)) {
			t.Fatalf("message %d is %v", i, got.Term.(etf.Tuple)[0])
		}
	}
	if err := from.Send(t.Context(), box.Pid(), atom("end")); err != nil {
		t.Fatal(err)
	}
	receive[Message](t, box)
	box.Close()
	if _, err := box.Receive(t.Context()); !errors.Is(err, ErrNoProc) {
		t.Errorf("closed mailbox: %v", err)
	}
}

func TestOrderOf100k(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		const count = 100_000
		box, from := mailbox(t, p.far, "counter"), mailbox(t, p.near, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		errs := make(chan error, 1)
		go func() {
			for i := range count {
				if err := from.Send(ctx, box.Pid(), int64(i)); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
		for i := range count {
			got, err := box.Receive(ctx)
			if m, ok := got.(Message); err != nil || !ok || m.Term != etf.Term(int64(i)) {
				t.Fatalf("message %d is %v, %v", i, got, err)
			}
		}
		if err := <-errs; err != nil {
			t.Error(err)
		}
	})
}

// TestObsoleteAndLateSignals feeds what only old or late peers send.
func TestObsoleteAndLateSignals(t *testing.T) {
	l := newLab(t)
	near, far := l.start(t, "near@localhost"), l.start(t, "far@localhost")
	mustConnect(t, near, far.Name())
	a, b := mailbox(t, near, ""), mailbox(t, far, "")
	way := near.reg.up(far.Name())
	if err := a.Link(t.Context(), b.Pid()); err != nil {
		t.Fatal(err)
	}
	for _, sig := range []dist.Signal{
		dist.SigUnlink{From: a.Pid(), To: b.Pid()},
		dist.SigUnlinkIDAck{ID: 99, From: a.Pid(), To: b.Pid()},
		dist.SigGroupLeader{From: a.Pid(), To: b.Pid()},
		dist.SigMonitorExit{From: a.Pid(), To: b.Pid(), Ref: near.MakeRef(), Reason: atomNormal},
		dist.SigDemonitor{From: a.Pid(), To: b.Pid(), Ref: near.MakeRef()},
		dist.SigExit{From: a.Pid(), To: b.Pid(), Reason: atom("unlinked")},
		dist.SigSpawnReply{ReqID: near.MakeRef(), To: b.Pid(), Result: atom("notsup")},
		dist.SigUnlinkID{ID: 7, From: a.Pid(), To: etf.Pid{Node: atom(far.Name()), ID: 1, Creation: far.Creation()}},
	} {
		if err := way.send(t.Context(), sig); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, a, b)
	b.Terminate(atom("x")) // nobody is linked any more at this end
	if err := near.Ping(t.Context(), far.Name()); err != nil {
		t.Error(err)
	}
}
