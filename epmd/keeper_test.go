package epmd

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fjord-media/fjord/internal/run"
)

func TestKeeperReregisters(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	port := s.Port()
	k, err := Keep(newGroup(t), s.client(), Registration{Name: "f1", Port: 9000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := k.Creation()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	within(t, time.Second, "loss noticed", func() bool { return !k.Registered() })
	s = serve(t, port, ServerOptions{})
	within(t, 5*time.Second, "registered again", func() bool { return s.names.find("f1") != nil && k.Registered() })
	if k.Creation() != first || k.Reregistrations() != 1 {
		t.Errorf("creation %d after %d, %d times again", k.Creation(), first, k.Reregistrations())
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	s.untilGone("f1")
	if k.Registered() {
		t.Error("registered after Close")
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}

// TestKeeperKeepsConnection: no garbage collection ends a registration.
func TestKeeperKeepsConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	if _, err := Keep(newGroup(t), s.client(), Registration{Name: "f1"}, nil); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if s.names.find("f1") == nil {
		t.Error("registration lost")
	}
}

func TestKeepErrors(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	s.register("f1")
	if _, err := Keep(newGroup(t), s.client(), Registration{Name: "f1"}, nil); !errors.Is(err, ErrNameTaken) {
		t.Errorf("taken: %v", err)
	}
	stopped := run.NewGroup(t.Context(), "stopped", nil)
	stopped.Stop()
	if _, err := Keep(stopped, s.client(), Registration{Name: "f2"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped group: %v", err)
	}
	s.untilGone("f2")
}

// script is an EPMD in a bubble: each dial takes the next step of a list.
type script struct {
	mu      sync.Mutex
	started time.Time
	dials   []time.Duration
	steps   []func(conn net.Conn) // nil: refuse
}

func (s *script) dial(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials = append(s.dials, time.Since(s.started))
	if len(s.steps) == 0 {
		return nil, net.ErrClosed
	}
	step := s.steps[0]
	s.steps = s.steps[1:]
	if step == nil {
		return nil, errors.New("no such host")
	}
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		if _, err := server.Read(make([]byte, maxPacket)); err == nil {
			step(server)
		}
	}()
	return client, nil
}

// TestKeeperPauses: attempts two seconds apart, whatever goes wrong, and the
// creation of the first.
func TestKeeperPauses(t *testing.T) {
	t.Parallel()
	accept := func(answer string, life time.Duration) func(net.Conn) {
		return func(conn net.Conn) {
			if _, err := io.WriteString(conn, answer); err == nil {
				_ = conn.SetReadDeadline(time.Now().Add(life))
				_, _ = conn.Read(make([]byte, 1))
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := &script{started: time.Now(), steps: []func(net.Conn){
			accept("v\x00\x00\x00\x00\x09", 10*time.Second), // lives 10 s
			nil, nil, // 12 s: refused on both addresses
			accept("v\x01\x00\x00\x00\x63", 0),         // 14 s: taken
			accept("garbage", 0),                       // 16 s
			accept("v\x00\x00\x00\x00\x55", time.Hour), // 18 s
		}}
		group := newGroup(t)
		k, err := Keep(group, &Client{Dialer: s.dial}, Registration{Name: "f1"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if !k.Registered() || k.Creation() != 9 {
			t.Errorf("registered %v, creation %d", k.Registered(), k.Creation())
		}
		want := []time.Duration{0, 12, 12, 14, 16, 18}
		for i, at := range s.dials {
			if i >= len(want) || at.Round(100*time.Millisecond) != want[i]*time.Second {
				t.Errorf("dialled at %v, want %v (seconds)", s.dials, want)
				break
			}
		}
		group.Stop()
		synctest.Wait()
		if k.Registered() {
			t.Error("registered after the group stopped")
		}
	})
}
