package room

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fjord-media/fjord/internal/actor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const limit = 10 * time.Second

// node is a Local with everything around it.
type node struct {
	*Local
	sys    *actor.System
	mu     sync.Mutex
	events []Event
	lines  bytes.Buffer
}

func start(t *testing.T) *node {
	t.Helper()
	n := &node{}
	sys, err := actor.Start(context.Background(), "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sys.Stop(timeout(t)); err != nil {
			t.Error(err)
		}
	})
	n.sys = sys
	log := slog.New(slog.NewTextHandler(n, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n.Local = NewLocal(LocalOptions{Address: "media.test:5002", System: sys, Logger: log, Events: n.record})
	spec := n.SupervisorSpec()
	if _, err := sys.Supervise(actor.Spec{Name: "top", Children: []actor.Child{{Nested: &spec}}}); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *node) record(e Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(n.events, e)
}

// Write is the log's.
func (n *node) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lines.Write(p)
}

func (n *node) log() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lines.String()
}

// seen are the events of one room so far.
func (n *node) seen(id ID) []Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(n.events), func(e Event) bool { return e.Room() != id })
}

func (n *node) create(t *testing.T, cfg Config) ID {
	t.Helper()
	c, err := n.Create(timeout(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c.Room.ID
}

// pid is the room's actor.
func (n *node) pid(t *testing.T, id ID) actor.PID {
	t.Helper()
	e, ok := n.rooms.get(id)
	if !ok {
		t.Fatalf("no room %s", id)
	}
	return e.actor()
}

// crash has the room's code panic, with a request no code of ours sends.
func (n *node) crash(t *testing.T, id ID) {
	t.Helper()
	if _, err := n.sys.Call(timeout(t), n.pid(t, id), (*remove)(nil)); err == nil {
		t.Fatal("it did not crash")
	}
}

// crashed waits for a RoomCrashed and returns its reason.
func (n *node) crashed(t *testing.T, id ID) error {
	t.Helper()
	var reason error
	until(t, "room_crashed of "+string(id), func() bool {
		for _, e := range n.seen(id) {
			if c, ok := e.(RoomCrashed); ok {
				reason = c.Reason
				return !n.Has(id)
			}
		}
		return false
	})
	return reason
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

func ptr[T any](v T) *T { return &v }
