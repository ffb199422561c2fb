package actor_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fjord-media/fjord/internal/actor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const limit = 10 * time.Second

func start(t *testing.T) *actor.System {
	t.Helper()
	sys, _ := startLogged(t)
	return sys
}

func startLogged(t *testing.T) (*actor.System, *lines) {
	t.Helper()
	log := &lines{}
	sys, err := actor.Start(context.Background(), "test", slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if err := sys.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return sys, log
}

// lines is a log that may be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

func recv[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(limit):
		t.Fatalf("not within %s: %s", limit, what)
		panic("unreachable")
	}
}

func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// script is a behaviour made of functions.
type script struct {
	init   func(*actor.Self) error
	handle func(*actor.Self, any) error
	term   func(*actor.Self, error)
}

func (s script) Init(self *actor.Self) error {
	if s.init == nil {
		return nil
	}
	return s.init(self)
}

func (s script) Handle(self *actor.Self, msg any) error {
	if s.handle == nil {
		return obey(self, msg)
	}
	return s.handle(self, msg)
}

func (s script) Terminate(self *actor.Self, reason error) {
	if s.term != nil {
		s.term(self, reason)
	}
}

// What obey does on a message besides echoing requests.
type (
	boom  string   // panics
	leave struct{} // ends normally
	fail  struct{ err error }
	nap   chan struct{} // blocks until closed
	mute  struct{}      // leaves a request unanswered
)

func obey(_ *actor.Self, msg any) error {
	r, isCall := msg.(*actor.Request)
	if isCall {
		msg = r.Msg
	}
	switch m := msg.(type) {
	case boom:
		panic(string(m))
	case leave:
		return fmt.Errorf("asked to: %w", actor.ErrNormal)
	case fail:
		return m.err
	case nap:
		<-m
	case mute:
		return nil
	}
	if isCall {
		r.Reply(msg, nil)
	}
	return nil
}

func obedient(any) actor.Behaviour { return script{} }

func spawn(t *testing.T, sys *actor.System, name string, s script) actor.PID {
	t.Helper()
	pid, err := sys.Spawn(name, func() actor.Behaviour { return s })
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func watch(t *testing.T, sys *actor.System, pid actor.PID) <-chan error {
	t.Helper()
	c := make(chan error, 2)
	if err := sys.Watch(pid, func(reason error) { c <- reason }); err != nil {
		t.Fatal(err)
	}
	return c
}
