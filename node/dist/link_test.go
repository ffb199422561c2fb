package dist

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
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

// TestTicks runs ten times net_ticktime without a word.
func TestTicks(t *testing.T) {
	for _, tick := range []time.Duration{4 * time.Second, 60 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			x, y := pair(t, a, b, fullFlags, LinkOptions{TickTime: tick})
			time.Sleep(10*tick + time.Millisecond)
			for _, l := range []*runningLink{x, y} {
				if n := l.Stats().Ticks; n != 40 {
					t.Errorf("%v: %d ticks in ten net_ticktimes", tick, n)
				}
				select {
				case <-l.Done():
					t.Errorf("%v: link ended", tick)
				default:
				}
			}
			// Traffic takes the place of ticks.
			for range 10 {
				time.Sleep(tick / 5)
				if err := x.Send(t.Context(), SigLink{alice, bob}); err != nil {
					t.Fatal(err)
				}
			}
			if n := y.Stats().Ticks; n != 40 {
				t.Errorf("%v: %d ticks in spite of traffic", tick, n-40)
			}
		})
	}
}

// TestTickedOut has a peer that reads all and says nothing.
func TestTickedOut(t *testing.T) {
	for _, tick := range []time.Duration{4 * time.Second, 60 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			a, b := net.Pipe()
			defer b.Close()
			go func() { _, _ = io.Copy(io.Discard, b) }()
			l := NewLink(a, localA, Peer{Name: "b@h", Flags: fullFlags}, LinkOptions{TickTime: tick})
			begin := time.Now()
			if err := l.Run(t.Context()); !errors.Is(err, ErrTickedOut) {
				t.Errorf("%v", err)
			}
			if took := time.Since(begin); took < tick*5/4 || took > tick*5/4+10*time.Millisecond {
				t.Errorf("ticked out after %v", took)
			}
			if n := l.Stats().BytesOut; n != 4*4 {
				t.Errorf("%d bytes of ticks sent", n)
			}
			if err := l.Send(t.Context(), SigLink{alice, bob}); !errors.Is(err, ErrClosed) || !errors.Is(err, ErrTickedOut) {
				t.Errorf("send: %v", err)
			}
		})
	}
}

// TestSlowDeliverIsNoSilence delivers for longer than net_ticktime.
func TestSlowDeliverIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		opts := LinkOptions{TickTime: 4 * time.Second, Deliver: func(Signal) { time.Sleep(time.Minute) }}
		x, y := pair(t, a, b, fullFlags, opts)
		if err := x.Send(t.Context(), SigLink{alice, bob}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Second)
		for _, l := range []*runningLink{x, y} {
			select {
			case <-l.Done():
				t.Error("link ended")
			default:
			}
		}
	})
}

// TestBackPressure fills a link whose peer does not read.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer b.Close()
		const limit = 64 << 10
		l := NewLink(a, localA, Peer{Name: "b@h", Flags: fullFlags}, LinkOptions{Buffer: limit, TickTime: time.Hour})
		reason := make(chan error, 1)
		go func() { reason <- l.Run(context.Background()) }()
		blob := make([]byte, 1000)
		sent := 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var err error
		for err == nil {
			if err = l.Send(ctx, SigSend{From: alice, To: bob, Message: blob}); err == nil {
				sent++
			}
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if q := l.Stats().Queued; q <= limit || q > limit+1300 {
			t.Errorf("%d bytes queued", q)
		}
		if err := l.Post(SigLink{alice, bob}); err != nil {
			t.Errorf("post: %v", err)
		}
		for err = nil; err == nil; {
			err = l.Post(SigSend{From: alice, To: bob, Message: blob})
			sent++
		}
		if q := l.Stats().Queued; !errors.Is(err, ErrBusy) || q <= 4*limit || q > 4*limit+1300 {
			t.Errorf("%d bytes queued, %v", q, err)
		}
		// A sender that waits goes on when the peer reads again.
		waiting := make(chan error, 1)
		go func() { waiting <- l.Send(t.Context(), SigLink{bob, alice}) }()
		synctest.Wait()
		select {
		case err := <-waiting:
			t.Errorf("did not wait: %v", err)
		default:
		}
		go func() { _, _ = io.Copy(io.Discard, b) }()
		if err := <-waiting; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if s := l.Stats(); s.Queued != 0 || s.MessagesOut != uint64(sent+1) {
			t.Errorf("%+v after %d sent", s, sent)
		}
		l.Close(io.ErrNoProgress)
		l.Close(nil)
		if err := <-reason; !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("reason %v", err)
		}
	})
}

// TestLargeLeavesRoom has 10 MB queued, over Buffer, and a peer that does not
// read: others can send, the sender of the 10 MB can not.
func TestLargeLeavesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		x, _ := pair(t, a, b, fullFlags, LinkOptions{Buffer: 64 << 10, Deliver: func(Signal) { time.Sleep(time.Hour) }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		third := pid("a@h", 3)
		for _, s := range []Signal{
			SigLink{third, bob}, // delivered for an hour
			SigSend{From: alice, To: bob, Message: make([]byte, 10<<20)},
			SigMonitor{From: third, To: bob, Ref: ref1},
		} {
			if err := x.Send(ctx, s); err != nil {
				t.Fatalf("%T: %v", s, err)
			}
		}
		if err := x.Send(ctx, SigLink{alice, bob}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("behind its own: %v", err)
		}
		time.Sleep(4 * time.Hour)
		if s := x.Stats(); s.Queued != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestOrder(t *testing.T) {
	a, b := loopback(t)
	x, y := pair(t, a, b, fullFlags, LinkOptions{})
	const n = 100_000
	go func() {
		for i := range n {
			if err := x.Send(t.Context(), SigSend{From: alice, To: bob, Message: i}); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for i := range int64(n) {
		if s := y.next(t).(SigSend); s.Message != etf.Term(i) {
			t.Fatalf("message %d is %v", i, s.Message)
		}
	}
	if s := x.Stats(); s.MessagesOut != n || s.BytesOut != y.Stats().BytesIn {
		t.Errorf("%+v", s)
	}
}

// TestEndings has the ways a link ends.
func TestEndings(t *testing.T) {
	cause := errors.New("enough")
	for name, tt := range map[string]struct {
		end  func(l *Link, peer net.Conn, cancel context.CancelCauseFunc)
		want error
	}{
		"context":    {func(_ *Link, _ net.Conn, cancel context.CancelCauseFunc) { cancel(cause) }, cause},
		"close":      {func(l *Link, _ net.Conn, _ context.CancelCauseFunc) { l.Close(cause) }, cause},
		"close, nil": {func(l *Link, _ net.Conn, _ context.CancelCauseFunc) { l.Close(nil) }, ErrClosed},
		"peer":       {func(_ *Link, p net.Conn, _ context.CancelCauseFunc) { p.Close() }, ErrPeerClosed},
		"reset": {func(_ *Link, p net.Conn, _ context.CancelCauseFunc) {
			_ = p.(*net.TCPConn).SetLinger(0)
			p.Close()
		}, ErrPeerClosed},
		"nonsense": {func(_ *Link, p net.Conn, _ context.CancelCauseFunc) { _, _ = p.Write([]byte("GET / HTTP")) }, ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := loopback(t)
			defer b.Close()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			l := NewLink(a, localA, Peer{Name: "b@h", Flags: fullFlags}, LinkOptions{})
			time.AfterFunc(10*time.Millisecond, func() { tt.end(l, b, cancel) })
			if err := l.Run(ctx); !errors.Is(err, tt.want) {
				t.Errorf("%v", err)
			}
			<-l.Done()
		})
	}
}

// TestCyclesLeakNothing connects and closes 1,000 times.
func TestCyclesLeakNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := range 1000 {
		a, b := net.Pipe()
		x, y, errX, errY := shake(t, a, b, localA, localB, &verdict{status: StatusOK})
		if errX != nil || errY != nil {
			t.Fatal(errX, errY)
		}
		got := make(chan Signal, 1)
		l := NewLink(a, localA, x, LinkOptions{})
		m := NewLink(b, localB, y, LinkOptions{Deliver: func(s Signal) { got <- s }})
		reasons := make(chan error, 2)
		go func() { reasons <- l.Run(context.Background()) }()
		go func() { reasons <- m.Run(context.Background()) }()
		if err := l.Send(t.Context(), SigLink{alice, bob}); err != nil {
			t.Fatal(err)
		}
		<-got
		if i%2 == 0 {
			l.Close(nil)
		} else {
			m.Close(nil)
		}
		<-reasons
		<-reasons
	}
	for i := 0; runtime.NumGoroutine() > before; i++ {
		if i == 100 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
