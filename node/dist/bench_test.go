package dist

import (
	"context"
	"net"
	"testing"

	"github.com/fjord-media/fjord/node/etf"
)

// small is a message as gen_server calls are.
func small() Signal {
	return SigSend{From: alice, To: bob, Message: etf.Tuple{
		etf.Atom("$gen_call"), etf.Tuple{alice, ref1}, etf.Tuple{etf.Atom("get"), int64(5)},
	}}
}

// BenchmarkEncode encodes, queues and frames a small message, without the socket.
func BenchmarkEncode(b *testing.B) {
	o := newOutbox(DefaultFlags)
	sig := small()
	b.ReportAllocs()
	for b.Loop() {
		o.post(b, sig)
		o.take()
		o.done(0)
	}
}

// endless repeats a frame.
type endless struct {
	net.Conn
	frame []byte
	off   int
	short bool // there is never all that is asked for
}

func (e *endless) Read(b []byte) (n int, err error) {
	if e.short {
		b = b[:len(b)-1]
	}
	for n < len(b) {
		c := copy(b[n:], e.frame[e.off:])
		n += c
		e.off = (e.off + c) % len(e.frame)
	}
	return n, nil
}

// BenchmarkDecode reads and delivers a small message, without the socket.
func BenchmarkDecode(b *testing.B) {
	o := newOutbox(DefaultFlags)
	o.post(b, small())
	first := len(o.drain(b))
	o.post(b, small()) // refers to atoms of the first
	stream := o.drain(b)
	count := 0
	l := NewLink(&endless{frame: stream}, localB, Peer{Flags: DefaultFlags}, LinkOptions{Deliver: func(Signal) { count++ }})
	r := newReader(l)
	if err := r.frame(); err != nil {
		b.Fatal(err)
	}
	l.conn.(*endless).frame, l.conn.(*endless).off = stream[first:], 0
	r.start, r.end = 0, 0
	b.SetBytes(int64(len(stream) - first))
	b.ReportAllocs()
	for b.Loop() {
		if err := r.frame(); err != nil {
			b.Fatal(err)
		}
	}
	if count == 0 {
		b.Fatal("nothing delivered")
	}
}

func benchThroughput(b *testing.B, size int) {
	x, y := loopback(b)
	done := make(chan struct{})
	count := 0
	opts := LinkOptions{Deliver: func(Signal) {
		if count++; count == b.N {
			close(done)
		}
	}}
	l, m := NewLink(x, localA, Peer{Flags: DefaultFlags}, LinkOptions{}), NewLink(y, localB, Peer{Flags: DefaultFlags}, opts)
	ended := make(chan error, 2)
	go func() { ended <- l.Run(context.Background()) }()
	go func() { ended <- m.Run(context.Background()) }()
	msg := make([]byte, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := l.Send(b.Context(), SigSend{From: alice, To: bob, Message: msg}); err != nil {
			b.Fatal(err)
		}
	}
	<-done
	b.StopTimer()
	l.Close(nil)
	m.Close(nil)
	<-ended
	<-ended
}

// BenchmarkThroughput sends over loopback TCP from one sender to one receiver.
func BenchmarkThroughput(b *testing.B) {
	b.Run("100B", func(b *testing.B) { benchThroughput(b, 100) })
	b.Run("60KB", func(b *testing.B) { benchThroughput(b, 60_000) })
	b.Run("64KiB", func(b *testing.B) { benchThroughput(b, 64<<10) })
	b.Run("1MiB", func(b *testing.B) { benchThroughput(b, 1<<20) })
}

// BenchmarkHandshake runs both roles over a pipe.
func BenchmarkHandshake(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		x, y := net.Pipe()
		done := make(chan error, 1)
		go func() {
			_, err := Respond(b.Context(), y, localB, &verdict{status: StatusOK})
			done <- err
		}()
		if _, err := Initiate(b.Context(), x, localA, "b@h", nil); err != nil {
			b.Fatal(err)
		}
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		x.Close()
		y.Close()
	}
}
