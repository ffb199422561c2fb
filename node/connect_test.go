package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/node/dist"
)

func TestConnectOnce(t *testing.T) {
	l := newLab(t)
	a, b := l.start(t, "a@localhost"), l.start(t, "b@localhost")
	heard := record(b)
	var dialled atomic.Int32
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			made, err := a.Connect(t.Context(), "b@localhost")
			if err != nil {
				t.Error(err)
			}
			if made {
				dialled.Add(1)
			}
		})
	}
	wait.Wait()
	if dialled.Load() != 1 {
		t.Errorf("%d calls say that they made the link, want 1", dialled.Load())
	}
	within(t, time.Second, "b knows a", func() bool { return len(b.Nodes()) == 1 && len(heard.all()) > 0 })
	if got := heard.all(); len(got) != 1 || !got[0].Up || got[0].Dialled || got[0].Node != "a@localhost" {
		t.Errorf("events of b: %+v", got)
	}
	if made, err := b.Connect(t.Context(), "a@localhost"); made || err != nil {
		t.Errorf("connect with a link: %v %v", made, err)
	}
	if fmt.Sprint(a.Nodes(), b.Nodes()) != "[b@localhost] [a@localhost]" {
		t.Errorf("nodes: %v %v", a.Nodes(), b.Nodes())
	}
}

func TestSubscribeTellsOfPresentLinks(t *testing.T) {
	l := newLab(t)
	a, b := l.start(t, "a@localhost"), l.start(t, "b@localhost", func(o *Options) { o.Hidden = true })
	mustConnect(t, a, b.Name())
	got := record(a).all()
	if len(got) != 1 || !got[0].Up || !got[0].Dialled || !got[0].Hidden {
		t.Errorf("events: %+v", got)
	}
	if len(a.Nodes()) != 0 || len(a.HiddenNodes()) != 1 {
		t.Errorf("nodes %v, hidden %v", a.Nodes(), a.HiddenNodes())
	}
	var after atomic.Int32
	cancel := a.Subscribe(func(NodeEvent) { after.Add(1) })
	cancel()
	stop(t, b)
	within(t, time.Second, "link gone", func() bool { return len(a.HiddenNodes()) == 0 })
	if after.Load() != 1 {
		t.Errorf("%d events after the cancel of a subscription, want 1 before it", after.Load())
	}
}

func TestStopClosesAllLinks(t *testing.T) {
	l := newLab(t)
	a, b, c := l.start(t, "a@localhost"), l.start(t, "b@localhost"), l.start(t, "c@localhost")
	mustConnect(t, a, b.Name())
	mustConnect(t, c, a.Name())
	within(t, time.Second, "a knows both", func() bool { return len(a.Nodes()) == 2 })
	ofA, ofB := record(a), record(b)
	stop(t, a)
	for _, name := range []string{"b@localhost", "c@localhost"} {
		if e, ok := ofA.down(name); !ok || !errors.Is(e.Reason, ErrLeaving) {
			t.Errorf("a about %s: %+v", name, e)
		}
	}
	within(t, time.Second, "b hears of it", func() bool { _, ok := ofB.down("a@localhost"); return ok })
	if e, _ := ofB.down("a@localhost"); ReasonOf(e.Reason) != "closed_by_peer" {
		t.Errorf("b about a: %+v", e)
	}
	if _, err := a.Connect(t.Context(), "b@localhost"); !errors.Is(err, ErrLeaving) {
		t.Errorf("connect after stop: %v", err)
	}
}

// failure is a way in which Connect fails.
type failure struct {
	name   string
	change func(*Options) // of the node that dials
	want   error
	slug   string
}

func TestConnectErrors(t *testing.T) {
	l := newLab(t)
	l.start(t, "other@localhost", func(o *Options) { o.Cookie = "another" })
	deaf := deafPort(t)
	hold(t, l, "deaf", deaf)
	hold(t, l, "closed", freePort(t))
	quick := func(o *Options) { o.SetupTime = time.Second } // half of it for each address
	for i, f := range []failure{
		{"me0@localhost", nil, ErrSelf, "self"},
		{"nonsense", nil, ErrBadName, "bad_name"},
		{"x@host.example.org", nil, ErrNameKind, "name_kind"},
		{"x@no-such-host-here", nil, ErrHostUnresolvable, "host_unresolvable"},
		{"x@localhost", func(o *Options) { o.LongNames = true }, ErrNameKind, "name_kind"},
		{"nobody@localhost", nil, ErrNotRegistered, "not_registered"},
		{"closed@localhost", nil, ErrDialRefused, "dial_refused"},
		{"deaf@localhost", quick, ErrDialTimeout, "dial_timeout"},
		{"other@localhost", nil, ErrCookieMismatch, "cookie_mismatch"},
	} {
		t.Run(f.slug, func(t *testing.T) {
			change := []func(*Options){}
			if f.change != nil {
				change = append(change, f.change)
			}
			name := fmt.Sprintf("me%d@localhost", i)
			n := l.start(t, name, change...)
			_, err := n.Connect(t.Context(), f.name)
			if !errors.Is(err, f.want) || ReasonOf(err) != f.slug {
				t.Errorf("%s: %v, reason %s", f.name, err, ReasonOf(err))
			}
			if n.lobby.size() != 0 || len(n.reg.slots) != 0 {
				t.Errorf("left behind: %d guests, %d slots", n.lobby.size(), len(n.reg.slots))
			}
		})
	}
}

// hold registers a name with the lab's EPMD for a port of the test's own.
func hold(t *testing.T, l *lab, name string, port int) {
	t.Helper()
	c := &epmd.Client{Port: uint16(l.epmdPort)}
	held, err := c.Register(t.Context(), epmd.Registration{Name: name, Port: uint16(port)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.Close() })
}

func TestConnectWithoutEPMD(t *testing.T) {
	l := newLab(t)
	n := l.start(t, "a@localhost", func(o *Options) { o.SetupTime = time.Second })
	n.epmd = &epmd.Client{Port: uint16(freePort(t))}
	if _, err := n.Connect(t.Context(), "b@localhost"); !errors.Is(err, ErrEPMDRefused) {
		t.Errorf("no EPMD: %v", err)
	}
	n.epmd = &epmd.Client{Port: uint16(deafPort(t)), Timeout: 100 * time.Millisecond}
	if _, err := n.Connect(t.Context(), "b@localhost"); !errors.Is(err, ErrEPMDTimeout) {
		t.Errorf("deaf EPMD: %v", err)
	}
}

func TestConnectEndsWithItsContext(t *testing.T) {
	l := newLab(t)
	hold(t, l, "deaf", deafPort(t))
	n := l.start(t, "a@localhost", func(o *Options) { o.SetupTime = time.Second })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := n.Connect(ctx, "deaf@localhost"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

func TestAcceptRefusesWrongCookie(t *testing.T) {
	l := newLab(t)
	n := l.start(t, "a@localhost")
	_, err := handshake(t, n, dist.Local{Name: "x@localhost", Creation: 9, Flags: dist.DefaultFlags, Cookie: "wrong"}, nil)
	if !errors.Is(err, dist.ErrClosedAfterReply) {
		t.Errorf("error %v", err)
	}
	if len(n.Nodes()) != 0 {
		t.Errorf("nodes %v", n.Nodes())
	}
	within(t, time.Second, "slot freed", func() bool { n.reg.mu.Lock(); defer n.reg.mu.Unlock(); return len(n.reg.slots) == 0 })
}

func TestAcceptRefusesOwnNameAndMissingFlags(t *testing.T) {
	l := newLab(t)
	n := l.start(t, "a@localhost")
	for name, flags := range map[string]dist.Flags{"a@localhost": dist.DefaultFlags, "b@localhost": dist.Published} {
		_, err := handshake(t, n, dist.Local{Name: name, Creation: 9, Flags: flags, Cookie: testCookie}, nil)
		var refused *dist.RefusedError
		if !errors.As(err, &refused) || refused.Status != dist.StatusNotAllowed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDialFindsMissingFlags(t *testing.T) {
	l := newLab(t)
	n := l.start(t, "a@localhost")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	hold(t, l, "old", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = conn.Read(make([]byte, 200))
		_, _ = conn.Write([]byte("\x00\x03sok"))
		name := "old@localhost"
		msg := append([]byte{'N', 0, 0, 0, 0, 1, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 0, byte(len(name))}, name...)
		_, _ = conn.Write(append([]byte{0, byte(len(msg))}, msg...))
		_, _ = conn.Read(make([]byte, 200))
	}()
	_, err = n.Connect(t.Context(), "old@localhost")
	var missing *FlagsMissingError
	if !errors.As(err, &missing) || len(missing.Flags) < 5 || ReasonOf(err) != "flags_missing" {
		t.Errorf("error %v", err)
	}
}

// handshake dials a node as somebody else.
func handshake(t *testing.T, n *Node, local dist.Local, alive func() bool) (net.Conn, error) {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n.Port()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), slack*time.Second)
	defer cancel()
	_, err = dist.Initiate(ctx, conn, local, n.Name(), alive)
	return conn, err
}

func TestReplaceAlive(t *testing.T) {
	l := newLab(t)
	n := l.start(t, "a@localhost")
	heard := record(n)
	local := dist.Local{Name: "x@localhost", Creation: 9, Flags: dist.DefaultFlags, Cookie: testCookie}
	if _, err := handshake(t, n, local, nil); err != nil {
		t.Fatal(err)
	}
	within(t, time.Second, "up", func() bool { return len(heard.all()) == 1 })
	if _, err := handshake(t, n, local, func() bool { return false }); err == nil {
		t.Error("a second connection was made although the peer gave it up")
	}
	if len(heard.all()) != 1 || len(n.Nodes()) != 1 {
		t.Errorf("the link did not stay: %+v", heard.all())
	}
	local.Creation = 10
	if _, err := handshake(t, n, local, func() bool { return true }); err != nil {
		t.Fatal(err)
	}
	// The nodedown was told before the ack came.
	if e, ok := heard.down("x@localhost"); !ok || ReasonOf(e.Reason) != "replaced" {
		t.Errorf("events at the ack: %+v", heard.all())
	}
	within(t, time.Second, "up again", func() bool { return len(heard.all()) == 3 && len(n.Nodes()) == 1 })
	if up := n.reg.up("x@localhost"); up.peer.Creation != 10 {
		t.Errorf("creation of the peer %d, want 10", up.peer.Creation)
	}
}

// TestDialPeerThatBelievesInAnOldLink: after a crash the peer may not have
// noticed yet; it says alive, and the new connection replaces the old link.
func TestDialPeerThatBelievesInAnOldLink(t *testing.T) {
	l := newLab(t)
	n := l.start(t, "a@localhost")
	heard := record(n)
	ghost := dist.Local{Name: "b@localhost", Creation: 9, Flags: dist.DefaultFlags, Cookie: testCookie}
	if _, err := handshake(t, n, ghost, nil); err != nil {
		t.Fatal(err)
	}
	within(t, time.Second, "up", func() bool { return len(heard.all()) == 1 })
	b := l.start(t, "b@localhost")
	if made, err := b.Connect(t.Context(), n.Name()); err != nil || !made {
		t.Fatal(made, err)
	}
	if e, ok := heard.down("b@localhost"); !ok || ReasonOf(e.Reason) != "replaced" {
		t.Errorf("events %+v", heard.all())
	}
	if err := b.Ping(t.Context(), n.Name()); err != nil {
		t.Error(err)
	}
	if s, ok := b.LinkStats(n.Name()); !ok || s.MessagesOut == 0 {
		t.Errorf("traffic %+v", s)
	}
	if !b.Registered() {
		t.Error("EPMD does not hold the name")
	}
}

func TestIdleConnectionsDelayNobody(t *testing.T) {
	l := newLab(t)
	a, b := l.start(t, "a@localhost"), l.start(t, "b@localhost")
	for range maxGuests + 20 {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", b.Port()))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
	}
	mustConnect(t, a, b.Name())
	if got := b.lobby.size(); got > maxGuests {
		t.Errorf("%d guests, more than %d", got, maxGuests)
	}
}
