package sfupeer

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/fjord-media/fjord/sfu"
)

// Limit is how long a test waits for anything that has no limit of its own, on
// a machine with twenty times as much to do as it can.
const Limit = 30 * time.Second

// Lab is an engine on loopback for one test.
type Lab struct {
	Engine *sfu.Engine
	Log    *slog.Logger
	t      testing.TB
}

// NewLab starts an engine that ends with the test; change may alter its
// options.
func NewLab(t testing.TB, change ...func(*sfu.EngineOptions)) *Lab {
	t.Helper()
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))
	loopback := netip.MustParseAddr("127.0.0.1")
	o := sfu.EngineOptions{AdvertiseIP: loopback, ListenIP: loopback, Logger: log}
	for _, c := range change {
		c(&o)
	}
	e, err := sfu.NewEngine(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
	})
	return &Lab{Engine: e, Log: log, t: t}
}

// FreePort is a TCP port on loopback that is free at the moment.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(string(b[:max(0, len(b)-1)]))
	return len(b), nil
}

// Room opens a room; events may be nil.
func (l *Lab) Room(o sfu.RoomOptions) *sfu.Room {
	l.t.Helper()
	if o.ID == "" {
		o.ID = "room"
	}
	o.Logger = l.Log
	r, err := l.Engine.NewRoom(o)
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

// Join adds a peer to the room and connects a client to it.
func (l *Lab) Join(r *sfu.Room, id string, o Options) (*Client, *sfu.Peer) {
	l.t.Helper()
	p, err := r.AddPeer(sfu.PeerOptions{ID: id, Simulcast: true})
	if err != nil {
		l.t.Fatal(err)
	}
	return l.Attach(p, o), p
}

// Attach connects a client to a peer.
func (l *Lab) Attach(p *sfu.Peer, o Options) *Client {
	l.t.Helper()
	o.Send = p.Receive
	o.Logger = l.Log
	c, err := New(o)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(c.Close)
	p.Attach(c.Deliver)
	if err := c.Connect(map[string]any{"name": p.ID()}); err != nil {
		l.t.Fatal(err)
	}
	l.Until("connected "+p.ID(), c, func() bool { return c.ID() == p.ID() })
	return c
}

// Until waits for a condition about a client.
func (l *Lab) Until(what string, c *Client, ok func() bool) {
	l.t.Helper()
	l.until(Limit, what, c, ok)
}

// Within waits for what should take no longer than a limit. It fails at three
// times the limit, since tests share their machine, and logs what it took.
func (l *Lab) Within(limit time.Duration, what string, c *Client, ok func() bool) {
	l.t.Helper()
	l.until(3*limit, what, c, ok)
}

func (l *Lab) until(limit time.Duration, what string, c *Client, ok func() bool) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	start := time.Now()
	if err := c.Await(ctx, ok); err != nil {
		l.t.Fatalf("%s: not within %v", what, limit)
	}
	l.t.Logf("%s: %v", what, time.Since(start).Round(time.Millisecond))
}

// Flows waits until a client has received packets of a track.
func (l *Lab) Flows(c *Client, track string, packets int) {
	l.t.Helper()
	have := c.Received(track).Packets
	l.Until("flow of "+track+" to "+c.ID(), c, func() bool { return c.Received(track).Packets >= have+packets })
}

// Sound checks that what a client received of a track would have been decoded.
func (l *Lab) Sound(c *Client, track string) {
	l.t.Helper()
	if r := c.Received(track); len(r.Faults) > 0 {
		l.t.Errorf("%s to %s: %v", track, c.ID(), r.Faults)
	}
}
