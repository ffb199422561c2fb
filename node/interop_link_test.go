//go:build interop

package node

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

func TestInteropPing(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		heard := record(w.n)
		w.connect(t)
		w.ask(t, `nodes() =:= [GO].`, "true")
		w.ask(t, `nodes(hidden).`, "[]")
		if err := w.n.Ping(short(t), w.b.Node); err != nil {
			t.Error(err)
		}
		if got := heard.all(); len(got) != 1 || got[0].Dialled || got[0].Hidden {
			t.Errorf("events %+v", got)
		}
	})
}

func TestInteropWeDial(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		if made, err := w.n.Connect(short(t), w.b.Node); err != nil || !made {
			t.Fatal(made, err)
		}
		w.ask(t, `nodes() =:= [GO].`, "true")
		if err := w.n.Ping(short(t), w.b.Node); err != nil {
			t.Error(err)
		}
		stop(t, w.n)
		testkit.Within(t, time.Second, "erl notices our leaving", func() bool { return w.b.Eval(t, "nodes().") == "[]" })
	})
}

func TestInteropBothDialAtOnce(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		heard := record(w.n)
		for range 10 {
			done := make(chan error, 1)
			go func() { done <- w.n.Ping(short(t), w.b.Node) }()
			w.ask(t, `net_adm:ping(GO).`, "pong")
			if err := <-done; err != nil {
				t.Error(err)
			}
			if len(w.n.Nodes()) != 1 {
				t.Errorf("nodes %v", w.n.Nodes())
			}
			w.ask(t, `erlang:disconnect_node(GO).`, "true")
			within(t, time.Second, "link gone", func() bool { return len(w.n.Nodes()) == 0 })
		}
		for i, e := range heard.all() {
			if e.Up != (i%2 == 0) {
				t.Errorf("event %d: %+v", i, e)
			}
		}
	})
}

func TestInteropHidden(t *testing.T) {
	eachBEAM(t, []string{"-hidden"}, func(t *testing.T, w *world) {
		if _, err := w.n.Connect(short(t), w.b.Node); err != nil {
			t.Fatal(err)
		}
		if len(w.n.Nodes()) != 0 || len(w.n.HiddenNodes()) != 1 {
			t.Errorf("nodes %v, hidden %v", w.n.Nodes(), w.n.HiddenNodes())
		}
		h := w.start(t, w.kind.name("hid"), w.kind.set, func(o *Options) { o.Hidden = true })
		other := w.beam(t, "other")
		if err := h.Ping(short(t), other.Node); err != nil {
			t.Error(err)
		}
		other.Expect(t, `{nodes(), length(nodes(hidden))}.`, "{[],1}")
	})
}

func TestInteropWrongCookie(t *testing.T) {
	for _, otp := range testkit.OTPs(t) {
		w := newWorld(t, otp, kind{host: "localhost"}, "-kernel", "net_setuptime", "2")
		bad := w.start(t, "bad@localhost", func(o *Options) { o.Cookie = "wrong" })
		_, err := bad.Connect(short(t), w.b.Node)
		if !errors.Is(err, ErrCookieMismatch) {
			t.Errorf("we dial: %v", err)
		}
		w.b.Expect(t, `net_adm:ping('bad@localhost').`, "pang")
		if len(bad.Nodes()) != 0 {
			t.Errorf("nodes %v", bad.Nodes())
		}
	}
}

func TestInteropNameKinds(t *testing.T) {
	for _, otp := range testkit.OTPs(t) {
		w := newWorld(t, otp, kind{long: true, host: "127.0.0.1"})
		small := w.start(t, "small@localhost")
		if _, err := small.Connect(short(t), w.b.Node); !errors.Is(err, ErrNameKind) {
			t.Errorf("short dials long: %v", err)
		}
		w.b.Expect(t, `net_adm:ping('small@localhost').`, "pang")
	}
}

func TestInteropKill(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		heard := record(w.n)
		w.connect(t)
		box := mailbox(t, w.n, "")
		if _, err := box.Monitor(short(t), tuple(atom("net_kernel"), atom(w.b.Node))); err != nil {
			t.Fatal(err)
		}
		w.b.Signal(t, syscall.SIGKILL)
		testkit.Within(t, time.Second, "nodedown of a killed erl", func() bool { _, ok := heard.down(w.b.Node); return ok })
		if d := receive[DownSignal](t, box); d.Reason != any(atomNoconnection) {
			t.Errorf("monitor %+v", d)
		}
		again := w.beam(t, "beam")
		again.Expect(t, w.expr(`net_adm:ping(GO).`), "pong")
	})
}

// TestInteropOwnRestart: our node ends without a farewell and comes back with a
// new creation, while erl believes in the old connection or not any more.
func TestInteropOwnRestart(t *testing.T) {
	eachBEAM(t, nil, func(t *testing.T, w *world) {
		w.connect(t)
		for range 3 {
			stop(t, w.n)
			w.n = w.start(t, w.kind.name("go"), w.kind.set)
			if err := w.n.Ping(short(t), w.b.Node); err != nil {
				t.Error(err)
			}
			w.ask(t, `nodes() =:= [GO].`, "true")
		}
	})
}

// TestInteropTicks: with a net_ticktime of 4 an idle link must live on.
func TestInteropTicks(t *testing.T) {
	stay := 12 * time.Second
	if testkit.Soak() {
		stay = time.Minute
	}
	for _, otp := range testkit.OTPs(t) {
		l := newLab(t)
		w := &world{lab: l, otp: otp, kind: kind{host: "localhost"}}
		w.n = l.start(t, "go@localhost", func(o *Options) { o.NetTickTime = 4 * time.Second })
		w.b = w.beam(t, "beam", "-kernel", "net_ticktime", "4")
		heard := record(w.n)
		w.connect(t)
		testkit.During(t, stay, "link stays up", func() bool { return len(heard.all()) == 1 })
		w.ask(t, `nodes() =:= [GO].`, "true")
		w.b.Signal(t, syscall.SIGSTOP)
		testkit.Within(t, 7*time.Second, "a frozen erl is ticked out", func() bool {
			e, ok := heard.down(w.b.Node)
			return ok && ReasonOf(e.Reason) == "ticked_out"
		})
		w.b.Signal(t, syscall.SIGCONT)
		testkit.Within(t, 5*time.Second, "it can be reached again", func() bool {
			return w.n.Ping(short(t), w.b.Node) == nil
		})
	}
}
