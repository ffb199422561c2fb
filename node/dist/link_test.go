package dist

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pid makes a pid of a node called a@h or b@h.
func pid(node etf.Atom, id uint32) etf.Pid { return etf.Pid{Node: node, ID: id, Creation: 7} }

var (
	alice = pid("a@h", 1)
	bob   = pid("b@h", 2)
)

const fullFlags = DefaultFlags

// link is a Link that runs, and what it delivered.
type runningLink struct {
	*Link
	got    chan Signal
	reason chan error
}

// pair makes two links over a and b, both with flags, and runs them.
func pair(t testing.TB, a, b net.Conn, flags Flags, opts LinkOptions) (x, y *runningLink) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	start := func(conn net.Conn, us, them string) *runningLink {
		l := &runningLink{got: make(chan Signal, 1<<16), reason: make(chan error, 1)}
		o := opts
		if o.Deliver == nil {
			o.Deliver = func(s Signal) { l.got <- s }
		}
		l.Link = NewLink(conn, Local{Name: us}, Peer{Name: them, Flags: flags}, o)
		go func() { l.reason <- l.Run(ctx) }()
		return l
	}
	x, y = start(a, "a@h", "b@h"), start(b, "b@h", "a@h")
	t.Cleanup(func() {
		cancel()
		x.Close(nil)
		y.Close(nil)
		<-x.reason
		<-y.reason
	})
	return x, y
}

// loopback makes a pair of connected TCP sockets.
func loopback(t testing.TB) (net.Conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.DialTimeout("tcp", l.Addr().String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

// next takes the next signal that l delivered.
func (l *runningLink) next(t testing.TB) Signal {
	t.Helper()
	select {
	case s := <-l.got:
		return s
	case <-time.After(10 * time.Second):
		t.Fatal("no signal within 10 s")
		return nil
	}
}
