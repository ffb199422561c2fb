package dist

import (
	"bytes"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/fjord-media/fjord/node/etf"
)

// sizes of binaries around all borders of reading and fragments.
func borderSizes() []int {
	var all []int
	for _, border := range []int{0, 100, minRead, maxInPlace, fragmentSize, maxInBlock, blockSize, maxWhole, 3 * fragmentSize} {
		for d := -130; d <= 130; d += 26 {
			if border+d >= 0 {
				all = append(all, border+d)
			}
		}
	}
	return all
}

// cut is a message as OTP sends it: in fragments of 64 KiB at most.
func cut(t fataler, seq byte, msg etf.Term) []byte {
	body, err := etf.AppendBody(nil, etf.Tuple{int64(opSendSender), alice, bob})
	if err == nil {
		body, err = etf.AppendBody(body, msg)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(body) <= fragmentSize {
		return lengths(append([]byte{version, typeHeader, 0}, body...))
	}
	var parts [][]byte
	for len(body) > fragmentSize {
		parts, body = append(parts, body[:fragmentSize]), body[fragmentSize:]
	}
	return lengths(fragments(seq, []byte{0}, append(parts, body)...)...)
}

// patterned is n bytes that tell k and their place.
func patterned(k, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(k*31 + i*7 + i>>8)
	}
	return b
}

// ragged reads pieces of random sizes.
type ragged struct {
	io.Reader
	rand *rand.Rand
}

func (r ragged) Read(b []byte) (int, error) {
	return r.Reader.Read(b[:min(len(b), 1+r.rand.IntN(1<<r.rand.IntN(18)))])
}

// TestStream reads binaries of all sizes, whole and as OTP cuts them, however
// the stream comes, and keeps all of them: memory that is used again must not
// be anybody's.
func TestStream(t *testing.T) {
	sizes := borderSizes()
	rnd := rand.New(rand.NewPCG(1, 2))
	rnd.Shuffle(len(sizes), func(i, j int) { sizes[i], sizes[j] = sizes[j], sizes[i] })
	o := newOutbox(DefaultFlags)
	var theirs []byte
	for k, n := range sizes {
		msg := patterned(k, n)
		o.post(t, SigSend{From: alice, To: bob, Message: msg})
		theirs = append(theirs, cut(t, byte(k), msg)...)
	}
	for name, stream := range map[string][]byte{"ours": o.drain(t), "as OTP sends it": theirs} {
		for how, in := range map[string]io.Reader{
			"at once": bytes.NewReader(stream), "by half": iotest.HalfReader(bytes.NewReader(stream)),
			"by byte": iotest.OneByteReader(bytes.NewReader(stream)), "ragged": ragged{bytes.NewReader(stream), rnd},
		} {
			got, l, _ := feed(in, LinkOptions{})
			runtime.GC()
			if len(got) != len(sizes) || l.Stats().Dropped != 0 {
				t.Fatalf("%s %s: %d of %d messages, %d dropped", name, how, len(got), len(sizes), l.Stats().Dropped)
			}
			for k, n := range sizes {
				if !bytes.Equal(got[k].(SigSend).Message.([]byte), patterned(k, n)) {
					t.Fatalf("%s %s: message %d of %d bytes differs", name, how, k, n)
				}
			}
		}
	}
}

// TestRecycledMemory: of 64 KB binaries that nobody keeps the memory is used
// again; those that are kept stay as they are.
func TestRecycledMemory(t *testing.T) {
	const count = 2000
	stream := cut(t, 1, patterned(1, 64<<10))
	kept := map[int][]byte{}
	seen := 0
	opts := LinkOptions{Deliver: func(s Signal) {
		if seen++; seen%100 == 0 {
			kept[seen] = s.(SigSend).Message.([]byte)
		}
	}}
	l := NewLink(&endless{frame: stream}, localB, Peer{Name: "a@h", Flags: DefaultFlags}, opts)
	r := newReader(l)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for seen < count {
		if err := r.frame(); err != nil {
			t.Fatal(err)
		}
		if seen%maxIdle == 0 {
			runtime.GC()
		}
	}
	runtime.ReadMemStats(&after)
	r.blocks.quiet()
	if got := after.TotalAlloc - before.TotalAlloc; got > count*64<<10/2 {
		t.Errorf("%d MB allocated for %d MB of binaries", got>>20, count*64>>10)
	}
	for k, b := range kept {
		if !bytes.Equal(b, patterned(1, 64<<10)) {
			t.Errorf("binary %d has changed", k)
		}
	}
}

// hoarder is a connection that takes one write at a time and tells its size.
type hoarder struct {
	scripted
	largest int
}

func (h *hoarder) Write(b []byte) (int, error) {
	h.largest = max(h.largest, len(b))
	return len(b), nil
}

// TestQueuedAhead: whatever is queued, at most 1 MB is handed to the socket
// ahead of a control message: one write, and what the socket has not sent yet.
func TestQueuedAhead(t *testing.T) {
	const limit = 1 << 20
	for name, msgs := range map[string][]int{
		"100 MB": {100 << 20}, "many of 64 KB": {65_000, 65_000, 65_000, 65_000, 65_000, 65_000},
		"just whole": {maxWhole - 200, maxWhole - 200, maxWhole - 200}, "mixed": {100, 130_000, 1 << 20, 5 << 20, 60_000, 3},
	} {
		h := &hoarder{scripted: scripted{in: bytes.NewReader(nil)}}
		o := newOutbox(DefaultFlags)
		o.conn = h
		for i, n := range msgs {
			o.post(t, SigSend{From: pid("a@h", uint32(10+i)), To: bob, Message: make([]byte, n)})
		}
		for o.step(t) {
		}
		if ahead := h.largest + maxUnsent; ahead > limit {
			t.Errorf("%s: %d bytes", name, ahead)
		}
	}
}

// TestLinkAllocations: sending a small message allocates only its two pids as
// terms, receiving one only its terms.
func TestLinkAllocations(t *testing.T) {
	o := newOutbox(DefaultFlags)
	sig := small()
	send := func() {
		o.post(t, sig)
		o.step(t)
		o.out.Reset()
	}
	send()
	if n := testing.AllocsPerRun(1000, send); n > 2 {
		t.Errorf("sending allocates %v times", n)
	}
	o.post(t, sig)
	stream := bytes.Clone(o.drain(t))
	o.out.Reset()
	warm := newOutbox(DefaultFlags)
	warm.post(t, sig)
	first := warm.drain(t)
	l := NewLink(&endless{frame: append(bytes.Clone(first), bytes.Repeat(stream, 3000)...)}, localB, Peer{Flags: DefaultFlags}, LinkOptions{})
	r := newReader(l)
	receive := func() {
		if err := r.frame(); err != nil {
			t.Fatal(err)
		}
	}
	receive()
	// the signal, the control tuple and its pid twice, the message: three tuples, a pid, a reference
	if n := testing.AllocsPerRun(1000, receive); n > 14 {
		t.Errorf("receiving allocates %v times", n)
	}
}
