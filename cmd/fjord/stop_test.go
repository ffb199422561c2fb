package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/cluster"
	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/internal/logx"
	"github.com/fjord-media/fjord/room"
)

// running is a server in this process.
type running struct {
	*server
	stop, hurry func()
	ended       chan error // of wait
	heard       func(room.ID) []string
}

// startServer starts a standalone server with further variables.
func startServer(t *testing.T, env map[string]string) *running {
	t.Helper()
	vars := map[string]string{"FJ_PORT": unusedPort(t), "FJ_METRICS_PORT": unusedPort(t), "FJ_WEBRTC_USED": "false"}
	for name, value := range env {
		vars[name] = value
	}
	sys := config.Env(vars)
	dir := t.TempDir()
	sys.Getwd = func() (string, error) { return dir, nil }
	cfg, _, err := config.Load(sys, nil)
	if err != nil {
		t.Fatal(err)
	}
	log, err := logx.New(logx.Options{Writer: &output{}, Level: cfg.LogLevel})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{server: &server{cfg: cfg, log: log, main: log.Slog("main")}, ended: make(chan error, 1)}
	if err := r.start(t.Context()); err != nil {
		t.Fatal(errors.Join(err, r.server.stop(t.Context())))
	}
	r.listen()
	stop, stopNow := context.WithCancel(t.Context())
	hurry, hurryNow := context.WithCancel(t.Context())
	r.stop, r.hurry = stopNow, hurryNow
	go func() { r.ended <- r.wait(told{stop, hurry}) }()
	return r
}

// listen keeps the events of rooms.
func (r *running) listen() {
	var mu sync.Mutex
	events := map[room.ID][]string{}
	r.bus.Subscribe(func(n cluster.Notification) {
		if n.Event == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		id := n.Event.Room()
		switch n.Event.(type) {
		case room.RoomDeleted:
			events[id] = append(events[id], "deleted")
		case room.RoomCrashed:
			events[id] = append(events[id], "crashed")
		}
	})
	r.heard = func(id room.ID) []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(events[id])
	}
}

func (r *running) ask(t *testing.T, method, path string, want int) string {
	t.Helper()
	answer, err := askServer(t.Context(), r.cfg, method, path, []byte(`{"roomId":"mine"}`), want)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	return string(answer)
}

// over waits for the end of wait and stops the server, as serve does.
func (r *running) over(t *testing.T) {
	t.Helper()
	select {
	case err := <-r.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("goes on")
	}
	if err := r.server.stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// By default a signal ends the rooms at once, as crashed.
func TestSignalCutsRooms(t *testing.T) {
	r := startServer(t, nil)
	r.ask(t, http.MethodPost, "/room", http.StatusCreated)
	r.stop()
	r.over(t)
	if got := r.heard("mine"); !slices.Equal(got, []string{"crashed"}) {
		t.Errorf("heard %q", got)
	}
}

// With FJ_DRAIN_TIMEOUT a signal waits for the rooms and takes no new ones.
func TestSignalDrains(t *testing.T) {
	r := startServer(t, map[string]string{"FJ_DRAIN_TIMEOUT": "1h"})
	r.ask(t, http.MethodPost, "/room", http.StatusCreated)
	r.stop()
	eventually(t, "draining", func() bool { return r.rooms.Draining() })
	r.ask(t, http.MethodPost, "/room", http.StatusServiceUnavailable)
	if text := r.ask(t, http.MethodGet, "/readyz", http.StatusServiceUnavailable); !strings.Contains(text, "takes no new rooms") {
		t.Errorf("not ready: %q", text)
	}
	r.ask(t, http.MethodGet, "/room/mine", http.StatusOK)
	r.ask(t, http.MethodDelete, "/drain", http.StatusConflict)
	r.ask(t, http.MethodDelete, "/room/mine", http.StatusNoContent)
	r.over(t)
	if got := r.heard("mine"); !slices.Equal(got, []string{"deleted"}) {
		t.Errorf("heard %q", got)
	}
}

// A second signal ends the rooms that are left, properly.
func TestSecondSignalEndsADrain(t *testing.T) {
	r := startServer(t, map[string]string{"FJ_DRAIN_TIMEOUT": "1h"})
	r.ask(t, http.MethodPost, "/room", http.StatusCreated)
	r.stop()
	eventually(t, "draining", func() bool { return r.rooms.Draining() })
	r.hurry()
	r.over(t)
	if got := r.heard("mine"); !slices.Equal(got, []string{"deleted"}) {
		t.Errorf("heard %q", got)
	}
}

// fjord drain, taken back, and again.
func TestDrainByRequest(t *testing.T) {
	r := startServer(t, nil)
	r.ask(t, http.MethodPost, "/room", http.StatusCreated)
	if err := (drainArgs{timeout: -1}).ask(r.cfg); err != nil {
		t.Fatal(err)
	}
	r.ask(t, http.MethodPost, "/room", http.StatusServiceUnavailable)
	if err := (drainArgs{undo: true}).ask(r.cfg); err != nil {
		t.Fatal(err)
	}
	r.ask(t, http.MethodGet, "/readyz", http.StatusOK)
	if err := (drainArgs{timeout: time.Millisecond}).ask(r.cfg); err != nil { // a second at least
		t.Fatal(err)
	}
	r.over(t)
	if got := r.heard("mine"); !slices.Equal(got, []string{"deleted"}) {
		t.Errorf("heard %q", got)
	}
}

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not " + what)
		}
	}
}
