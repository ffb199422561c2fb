package node

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
)

// moody fails to accept several times before it accepts.
type moody struct {
	net.Listener
	failures atomic.Int32
}

func (m *moody) Accept() (net.Conn, error) {
	if m.failures.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return m.Listener.Accept()
}

// TestAcceptSurvivesErrors runs out of file descriptors for a while.
func TestAcceptSurvivesErrors(t *testing.T) {
	l := newLab(t)
	a, b := l.start(t, "a@localhost"), l.start(t, "b@localhost")
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &moody{Listener: inner}
	m.failures.Store(3)
	ended := make(chan error, 1)
	go func() { ended <- b.acceptLoop(t.Context(), m) }()
	hold(t, l, "front", inner.Addr().(*net.TCPAddr).Port)
	// b answers behind the name front, which is not its own.
	if _, err := a.Connect(t.Context(), "front@localhost"); !errors.Is(err, ErrWrongNode) {
		t.Errorf("error %v", err)
	}
	_ = inner.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestIPv6Literal(t *testing.T) {
	if conn, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Logf("no IPv6 on this host: %v", err)
		return
	} else {
		_ = conn.Close()
	}
	l := newLab(t)
	long := func(o *Options) { o.LongNames = true }
	a, b := l.start(t, "a@::1", long), l.start(t, "b@::1", long)
	mustConnect(t, a, b.Name())
	if from := a.reg.up(b.Name()).conn.RemoteAddr().(*net.TCPAddr); from.IP.String() != "::1" {
		t.Errorf("dialled %s", from)
	}
	if err := b.Ping(t.Context(), a.Name()); err != nil {
		t.Error(err)
	}
}
