package dist

import (
	"bytes"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
	"pgregory.net/rapid"
)

// TestApart: binaries that are not copied make the same stream as those that
// are, whole and in fragments, on plain sockets and others.
func TestApart(t *testing.T) {
	sizes := append(borderSizes(), 16<<10-1, 16<<10, 20_000, 5*fragmentSize)
	for name, flags := range map[string]Flags{
		"fragments": DefaultFlags, "whole": DefaultFlags &^ Fragments, "pass-through": DefaultFlags &^ (Fragments | DistHdrAtomCache),
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				copied, apart := newOutbox(flags), newOutbox(flags)
				apart.vectored = rapid.Bool().Draw(t, "vectored")
				for range rapid.IntRange(1, 3).Draw(t, "messages") {
					plain, shared := etf.Tuple{etf.Atom("x")}, etf.Tuple{etf.Atom("x")}
					for k := range rapid.IntRange(0, 3).Draw(t, "parts") {
						b := patterned(k, rapid.SampledFrom(sizes).Draw(t, "size"))
						plain = append(plain, b)
						switch rapid.IntRange(0, 4).Draw(t, "kind") {
						case 0:
							shared = append(shared, b)
						case 1:
							shared = append(shared, string(b))
						case 2:
							shared = append(shared, etf.Shared(b))
						case 3:
							plain[len(plain)-1] = etf.List{b, b}
							shared = append(shared, []string{string(b), string(b)})
						default: // a key has to be compared
							plain[len(plain)-1] = etf.Map{{Key: b, Value: etf.OK}}
							shared = append(shared, etf.Map{{Key: etf.Shared(b), Value: etf.OK}})
						}
					}
					copied.post(t, SigSend{From: alice, To: bob, Message: plain})
					apart.post(t, SigSend{From: alice, To: bob, Message: shared})
				}
				if queued, want := apart.queue.queued(), copied.queue.queued(); queued != want {
					t.Fatalf("%d bytes count as queued, copied %d", queued, want)
				}
				if !bytes.Equal(apart.drain(t), copied.drain(t)) {
					t.Fatal("the streams differ")
				}
			})
		})
	}
}

// TestApartIsNotCopied: the bytes are those of the sender until they are
// written, and not kept afterwards.
func TestApartIsNotCopied(t *testing.T) {
	o := newOutbox(DefaultFlags)
	o.vectored = true
	b := patterned(1, 3*fragmentSize+1000)
	o.post(t, SigSend{From: alice, To: bob, Message: etf.Shared(b)})
	b[0], b[len(b)-1] = 'f', 'l'
	m := o.queue.ready.pop()
	if len(m.apart) != 1 || &m.apart[0].bytes[0] != &b[0] || len(m.body) > 100 {
		t.Fatalf("%d bytes copied, %d apart", len(m.body), len(m.apart))
	}
	o.queue.ready.push(m)
	out := o.drain(t)
	if !bytes.Contains(out, b[:100]) || !bytes.HasSuffix(out, b[len(b)-100:]) {
		t.Error("what was written is not what the sender has")
	}
	for _, m := range o.queue.spare {
		if len(m.apart) > 0 || cap(m.apart) > 0 && m.apart[:1][0].bytes != nil {
			t.Error("a spare message refers to the sender's bytes")
		}
	}
}

// TestApartOverSockets: shared binaries arrive whole, also where the receiver
// is slower than the socket, and from a sender that goes on at once.
func TestApartOverSockets(t *testing.T) {
	sizes := []int{16 << 10, 60_000, fragmentSize, 3*fragmentSize + 1, 2 << 20, 5}
	a, b := loopback(t)
	x, y := pair(t, a, b, fullFlags, LinkOptions{})
	sent := make(chan error, 1)
	go func() {
		for k := range 24 {
			data := patterned(k, sizes[k%len(sizes)])
			if err := x.Send(t.Context(), SigSend{From: alice, To: bob, Message: etf.List{etf.Shared(data), string(data), data}}); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for k := range 24 {
		got, ok := y.next(t).(SigSend).Message.(etf.List)
		want := patterned(k, sizes[k%len(sizes)])
		if !ok || len(got) != 3 {
			t.Fatalf("message %d is %T", k, got)
		}
		for i, v := range got {
			if !etf.Equal(v, want) {
				t.Fatalf("binary %d of message %d differs", i, k)
			}
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

// TestApartToClosedLink: what was shared with a link that ends is not kept by
// the queue, and a sender that waits for room learns of the end.
func TestApartToClosedLink(t *testing.T) {
	a, b := net.Pipe() // nobody reads
	defer b.Close()
	l := NewLink(a, localA, Peer{Name: "b@h", Flags: fullFlags}, LinkOptions{})
	data := etf.Shared(patterned(1, 1<<20))
	errs := make(chan error, 1)
	go func() {
		for {
			if err := l.Send(t.Context(), SigSend{From: alice, To: bob, Message: data}); err != nil {
				errs <- err
				return
			}
		}
	}()
	for end := time.Now().Add(10 * time.Second); l.queue.queued() <= l.opts.Buffer && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	l.Close(ErrTickedOut)
	if err := <-errs; !errors.Is(err, ErrTickedOut) {
		t.Errorf("the sender got %v", err)
	}
	if q := l.queue; q.ready.len() > 0 || len(q.large) > 0 || len(q.lanes) > 0 {
		t.Error("messages are kept")
	}
}

// TestTooLargeForAFrame: to a peer without fragments no frame goes of which the
// length has more than 32 bits; the link stays as it was.
func TestTooLargeForAFrame(t *testing.T) {
	o := newOutbox(DefaultFlags &^ Fragments)
	part := make(etf.Shared, 16<<20)
	list := make(etf.List, 256)
	for i := range list {
		list[i] = part
	}
	if err := o.link.Post(SigSend{From: alice, To: bob, Message: list}); !errors.Is(err, etf.ErrTooLarge) {
		t.Errorf("4 GiB in one frame: %v", err)
	}
	o.post(t, SigSend{From: alice, To: bob, Message: list[:1]})
	if m := o.queue.ready.pop(); m == nil || len(m.apart) != 1 || m.length() != len(m.body)+len(part) {
		t.Error("the next message is not the one that was sent")
	}
}
