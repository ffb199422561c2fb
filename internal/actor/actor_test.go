package actor_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
)

var errBroken = errors.New("broken")

func TestActorEndsWithItsReason(t *testing.T) {
	tests := []struct {
		name       string
		end        func(*actor.System, actor.PID) error
		want       error
		text       string
		terminates bool
	}{
		{"normal", func(s *actor.System, p actor.PID) error { return s.Send(p, leave{}) }, actor.ErrNormal, "asked to: normal", true},
		{"error", func(s *actor.System, p actor.PID) error { return s.Send(p, fail{errBroken}) }, errBroken, "broken", true},
		{"panic", func(s *actor.System, p actor.PID) error { return s.Send(p, boom("no kettle")) }, nil, "panic: no kettle", true},
		{"exit", func(s *actor.System, p actor.PID) error { return s.Exit(p, errBroken) }, errBroken, "broken", true},
		{"exit nil", func(s *actor.System, p actor.PID) error { return s.Exit(p, nil) }, actor.ErrNormal, "normal", true},
		{"shutdown", func(s *actor.System, p actor.PID) error { return s.Exit(p, actor.ErrShutdown) }, actor.ErrShutdown, "shutdown", true},
		{"kill", func(s *actor.System, p actor.PID) error { return s.Kill(p) }, actor.ErrKilled, "killed", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sys := start(t)
			terminated := make(chan error, 1)
			pid := spawn(t, sys, "it", script{term: func(_ *actor.Self, err error) { terminated <- err }})
			bystander := spawn(t, sys, "bystander", script{})
			down := watch(t, sys, pid)
			if err := tt.end(sys, pid); err != nil {
				t.Fatal(err)
			}
			reason := recv(t, "watcher told", down)
			if reason.Error() != tt.text || tt.want != nil && !errors.Is(reason, tt.want) {
				t.Errorf("reason %q, want %q", reason, tt.text)
			}
			if tt.terminates {
				if got := recv(t, "terminated", terminated); got.Error() != tt.text {
					t.Errorf("Terminate got %q", got)
				}
			} else if len(terminated) > 0 {
				t.Error("Terminate ran")
			}
			if _, ok := sys.Whereis("it"); ok {
				t.Error("name still taken")
			}
			for what, err := range map[string]error{
				"send": sys.Send(pid, 1), "send by name": sys.SendName("it", 1), "kill": sys.Kill(pid),
				"exit": sys.Exit(pid, nil), "watch": sys.Watch(pid, func(error) { t.Error("told twice") }),
			} {
				if !errors.Is(err, actor.ErrNoActor) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if _, err := sys.Call(timeout(t), bystander, 1); err != nil {
				t.Errorf("bystander: %v", err)
			}
		})
	}
}

func TestPanicIsLoggedWithItsStack(t *testing.T) {
	sys, log := startLogged(t)
	pid := spawn(t, sys, "kettle", script{})
	down := watch(t, sys, pid)
	_ = sys.Send(pid, boom("dry"))
	var p *actor.PanicError
	if reason := recv(t, "end", down); !errors.As(reason, &p) || p.Value != "dry" || !strings.Contains(string(p.Stack), "obey") {
		t.Errorf("reason %#v", reason)
	}
	for _, want := range []string{"actor panicked", "actor=kettle", "panic=dry", "obey", "level=ERROR"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log lacks %q:\n%s", want, log)
		}
	}
}

func TestPanicInTerminateAndWatcher(t *testing.T) {
	sys, log := startLogged(t)
	pid := spawn(t, sys, "a", script{term: func(*actor.Self, error) { panic("last words") }})
	if err := sys.Watch(pid, func(error) { panic("bad watcher") }); err != nil {
		t.Fatal(err)
	}
	down := watch(t, sys, pid)
	_ = sys.Exit(pid, nil)
	_ = recv(t, "second watcher told", down)
	if s := log.String(); !strings.Contains(s, "last words") || !strings.Contains(s, "bad watcher") {
		t.Errorf("log: %s", s)
	}
}

func TestSpawnErrors(t *testing.T) {
	sys := start(t)
	spawn(t, sys, "taken", script{})
	tests := []struct {
		name, actor string
		make        func() actor.Behaviour
		want        error
		text        string
	}{
		{"taken", "taken", func() actor.Behaviour { return script{} }, actor.ErrTaken, "taken"},
		{"init error", "x", func() actor.Behaviour { return script{init: func(*actor.Self) error { return errBroken }} }, errBroken, "broken"},
		{"init panic", "x", func() actor.Behaviour { return script{init: func(*actor.Self) error { panic("ouch") }} }, nil, "panic: ouch"},
		{"factory panic", "x", func() actor.Behaviour { panic("ouch") }, nil, "panic: ouch"},
		{"nil", "x", func() actor.Behaviour { return nil }, nil, "no behaviour"},
		{"long name", strings.Repeat("n", 256), func() actor.Behaviour { return script{} }, nil, "too long"},
	}
	for _, tt := range tests {
		_, err := sys.Spawn(tt.actor, tt.make)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	spawn(t, sys, "x", script{}) // the failed ones left nothing behind
	until(t, "only two actors", func() bool { return sys.Actors() == 2 })
}

func TestMessagesKeepTheirOrder(t *testing.T) {
	sys := start(t)
	var next atomic.Int64
	pid := spawn(t, sys, "", script{handle: func(_ *actor.Self, msg any) error {
		if r, ok := msg.(*actor.Request); ok {
			r.Reply(next.Load(), nil)
			return nil
		}
		if !next.CompareAndSwap(int64(msg.(int)), int64(msg.(int))+1) {
			return errBroken
		}
		return nil
	}})
	for i := range 20000 {
		if err := sys.Send(pid, i); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := sys.Call(timeout(t), pid, nil); err != nil || n != int64(20000) {
		t.Errorf("got %v, %v", n, err)
	}
}

func TestSendAfter(t *testing.T) {
	sys := start(t)
	got := make(chan any, 3)
	spawn(t, sys, "", script{
		init: func(self *actor.Self) error {
			cancel := self.SendAfter(time.Hour, "never")
			cancel()
			self.SendAfter(20*time.Millisecond, "later")
			return self.System().Send(self.PID(), "now")
		},
		handle: func(_ *actor.Self, msg any) error { got <- msg; return nil },
	})
	if a, b := recv(t, "first", got), recv(t, "second", got); a != "now" || b != "later" {
		t.Errorf("got %v, %v", a, b)
	}
}

func TestPIDs(t *testing.T) {
	sys := start(t)
	var zero actor.PID
	a, b := spawn(t, sys, "a", script{}), spawn(t, sys, "", script{})
	if a == b || a == zero || zero.String() != "nobody" || !zero.IsZero() || !strings.HasPrefix(b.String(), "actor.") || a.Name() != "a" {
		t.Errorf("%s %s %s", zero, a, b)
	}
	if p, ok := sys.Whereis("a"); !ok || p != a {
		t.Errorf("Whereis: %v %v", p, ok)
	}
	for what, err := range map[string]error{
		"send": sys.Send(zero, 1), "kill": sys.Kill(zero), "exit": sys.Exit(zero, nil),
		"watch": sys.Watch(zero, nil), "by name": sys.SendName("nobody", 1),
	} {
		if !errors.Is(err, actor.ErrNoActor) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Ergo installs a signal handler of its own, and leaves a closed channel
// behind when it is switched off; both would show here.
func TestSignalsAreLeftAlone(t *testing.T) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM)
	defer signal.Stop(signals)
	sys := start(t)
	pid := spawn(t, sys, "", script{})
	for range 2 {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		recv(t, "signal", signals)
	}
	if _, err := sys.Call(timeout(t), pid, 1); err != nil {
		t.Errorf("a signal reached the system: %v", err)
	}
	if err := sys.Stop(timeout(t)); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	recv(t, "signal after stop", signals)
}

func TestStop(t *testing.T) {
	sys, err := actor.Start(context.Background(), "a@b", nil)
	if err != nil {
		t.Fatal(err)
	}
	var told, terminated atomic.Int64
	for range 100 {
		pid := spawn(t, sys, "", script{term: func(_ *actor.Self, reason error) {
			if errors.Is(reason, actor.ErrShutdown) {
				terminated.Add(1)
			}
		}})
		_ = sys.Watch(pid, func(error) { told.Add(1) })
	}
	for range 2 {
		if err := sys.Stop(timeout(t)); err != nil {
			t.Fatal(err)
		}
	}
	if told.Load() != 100 || terminated.Load() != 100 {
		t.Errorf("%d watchers told, %d terminated", told.Load(), terminated.Load())
	}
	if _, err := sys.Spawn("", func() actor.Behaviour { return script{} }); !errors.Is(err, actor.ErrStopped) {
		t.Errorf("spawn after stop: %v", err)
	}
}

func TestStopNamesWhatIsStuck(t *testing.T) {
	log := &lines{}
	sys, err := actor.Start(context.Background(), "stuck", slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	wake, asleep := make(chan struct{}), make(chan struct{})
	_ = sys.Send(spawn(t, sys, "sleeper", script{handle: func(*actor.Self, any) error {
		close(asleep)
		<-wake
		return nil
	}}), "sleep")
	recv(t, "asleep", asleep)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err = sys.Stop(ctx)
	if !errors.Is(err, actor.ErrStopTimeout) || !strings.Contains(err.Error(), "sleeper") {
		t.Errorf("got %v", err)
	}
	close(wake)
	until(t, "it ends by itself", func() bool { return sys.Actors() == 0 })
	if log.String() != "" { // the error says it all, 100,000 lines would not
		t.Errorf("logged %s", log)
	}
}

func TestStartErrors(t *testing.T) {
	for _, name := range []string{"@", "a@b@c", strings.Repeat("x", 300)} {
		if _, err := actor.Start(context.Background(), name, nil); err == nil {
			t.Errorf("%q accepted", name)
		}
	}
}

// An actor that is discarded ends without a word to anybody.
func TestDiscard(t *testing.T) {
	sys, log := startLogged(t)
	worker := actor.Spec{Name: "workers", Dynamic: true, Restart: actor.Temporary, Children: []actor.Child{
		{Start: func(any) actor.Behaviour { return &silent{} }},
	}}
	if _, err := sys.Supervise(worker); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		pid, err := sys.StartChild("workers", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := sys.Watch(pid, func(error) { t.Error("told of the end") }); err != nil {
			t.Fatal(err)
		}
		if err := sys.Discard(pid); err != nil {
			t.Error(err)
		}
		if err := sys.Send(pid, "late"); err == nil {
			t.Error("takes messages")
		}
	}
	until(t, "none is left", func() bool { return sys.Children("workers") == 0 })
	if log.String() != "" {
		t.Error(log)
	}
	if err := sys.Discard(actor.PID{}); !errors.Is(err, actor.ErrNoActor) {
		t.Error(err)
	}
}

// silent is an actor whose Terminate must not be called.
type silent struct{}

func (*silent) Init(*actor.Self) error        { return nil }
func (*silent) Handle(*actor.Self, any) error { return nil }
func (*silent) Terminate(*actor.Self, error)  { panic("Terminate was called") }
