package dist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// fragments cuts a message into frames by hand.
func fragments(seq byte, cached []byte, parts ...[]byte) (frames [][]byte) {
	for i, p := range parts {
		f := []byte{version, typeNext, 0, 0, 0, 0, 0, 0, 0, seq, 0, 0, 0, 0, 0, 0, 0, byte(len(parts) - i)}
		if i == 0 {
			f[1] = typeFirst
			f = append(f, cached...)
		}
		frames = append(frames, append(f, p...))
	}
	return frames
}

func TestFragmentsByHand(t *testing.T) {
	// {6, A, '', x} with the atoms '' and x in the list, and a binary.
	refs := []byte{3, 0x88, 0x08, 9, 0, 10, 1, 'x', 11, 3, 'a', '@', 'h'}
	body := []byte{104, 4, 97, 6, 88, 82, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 82, 0, 82, 1, 109, 0, 0, 0, 3, 'm', 's', 'g'}
	want := SigRegSend{From: alice, To: "x", Message: []byte("msg")}
	whole := append(append([]byte{version, typeHeader}, refs...), body...)
	one := fragments(1, refs, body)
	three := fragments(2, refs, body[:23], body[23:25], body[25:])
	other := fragments(3, refs, body[:30], body[30:])
	for name, frames := range map[string][][]byte{
		"whole":       {whole},
		"one":         one,
		"three":       three,
		"interleaved": {three[0], other[0], three[1], whole, other[1], three[2], one[0]},
		"again":       append(append([][]byte{}, three...), three...),
	} {
		n := map[string]int{"interleaved": 4, "again": 2}[name]
		for cut, in := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "by byte": iotest.OneByteReader, "by half": iotest.HalfReader,
		} {
			got, l, err := feed(in(bytes.NewReader(lengths(frames...))), LinkOptions{})
			if !errors.Is(err, ErrPeerClosed) || len(got) != max(n, 1) || l.Stats().Dropped != 0 {
				t.Errorf("%s %s: %d signals, %v", name, cut, len(got), err)
			}
			for _, s := range got {
				if d := cmp.Diff(Signal(want), s); d != "" {
					t.Errorf("%s %s: (-want +got)\n%s", name, cut, d)
				}
			}
		}
	}
}

// TestSplitEverywhere cuts a stream of every signal, fragments and a tick at
// every point.
func TestSplitEverywhere(t *testing.T) {
	o := newOutbox(DefaultFlags)
	for _, w := range wires() {
		o.post(t, w.sig)
	}
	body := []byte{104, 3, 97, 1, 88, 119, 3, 'a', '@', 'h', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 88, 119, 3, 'b', '@', 'h', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7}
	stream := append(o.drain(t), lengths(append(fragments(1, []byte{0}, body[:9], body[9:20], body[20:]), nil)...)...)
	want, _, _ := feed(bytes.NewReader(stream), LinkOptions{})
	if len(want) != len(wires())+1 {
		t.Fatalf("%d signals", len(want))
	}
	for cut := range stream {
		got, l, err := feed(io.MultiReader(bytes.NewReader(stream[:cut]), bytes.NewReader(stream[cut:])), LinkOptions{})
		if !errors.Is(err, ErrPeerClosed) || l.Stats().Dropped != 0 {
			t.Errorf("cut at %d: %v, %d dropped", cut, err, l.Stats().Dropped)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("cut at %d: (-want +got)\n%s", cut, cmp.Diff(want, got, bigInts))
		}
		// What came of a stream that ends there is the beginning.
		if got, _, _ := feed(bytes.NewReader(stream[:cut]), LinkOptions{}); len(got) > len(want) || !reflect.DeepEqual(got, append([]Signal(nil), want[:len(got)]...)) {
			t.Errorf("ended at %d: %d signals, not the first ones", cut, len(got))
		}
	}
}

func TestLostFraming(t *testing.T) {
	head := func(n ...byte) []byte { return append([]byte{version, typeHeader}, n...) }
	frag := fragments(1, []byte{0}, []byte("ab"), []byte("cd"), []byte("ef"))
	for name, tt := range map[string]struct {
		frames [][]byte
		want   error
	}{
		"unknown beginning":  {[][]byte{{1, 2, 3}}, ErrFrame},
		"one byte":           {[][]byte{{version}}, ErrFrame},
		"unknown type":       {[][]byte{{version, 80, 0}}, ErrFrame},
		"no count":           {[][]byte{head()}, ErrFrame},
		"flags cut":          {[][]byte{head(4, 0)}, ErrFrame},
		"index cut":          {[][]byte{head(1, 8)}, ErrFrame},
		"length cut":         {[][]byte{head(1, 8, 0)}, ErrFrame},
		"long length cut":    {[][]byte{head(1, 0x18, 0, 1)}, ErrFrame},
		"text cut":           {[][]byte{head(1, 8, 0, 2, 'x')}, ErrFrame},
		"text too long":      {[][]byte{head(append([]byte{1, 0x18, 0, 4, 0}, make([]byte, 1024)...)...)}, ErrFrame},
		"not UTF-8":          {[][]byte{head(1, 8, 0, 1, 0xff)}, ErrFrame},
		"empty slot":         {[][]byte{head(1, 0, 0)}, ErrFrame},
		"empty slot, used":   {[][]byte{append(head(1, 8, 0, 1, 'x'), 106), head(1, 0, 1)}, ErrFrame},
		"fragment cut":       {[][]byte{frag[0][:12]}, ErrFrame},
		"unknown sequence":   {frag[1:], ErrFrame},
		"begins twice":       {[][]byte{frag[0], frag[0]}, ErrFrame},
		"one missing":        {[][]byte{frag[0], frag[2]}, ErrFrame},
		"one twice":          {[][]byte{frag[0], frag[1], frag[1]}, ErrFrame},
		"number 0":           {[][]byte{append(append([]byte{}, frag[0][:17]...), 0, 0)}, ErrFrame},
		"too large":          {[][]byte{make([]byte, 1<<20+1)}, ErrLimit},
		"large and unknown":  {[][]byte{make([]byte, 1<<20)}, ErrFrame},
		"large next unknown": {[][]byte{append(append([]byte{}, frag[1]...), make([]byte, 9000)...)}, ErrFrame},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := feed(bytes.NewReader(lengths(tt.frames...)), LinkOptions{MaxMessage: 1 << 20})
			if !errors.Is(err, tt.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestTooLargeInFragments loses a message that is too large, and only it.
func TestTooLargeInFragments(t *testing.T) {
	part := make([]byte, 60_000)
	frames := fragments(1, []byte{0}, part, part, part, part, part)
	good := passFrame(t, etf.Tuple{int64(1), alice, bob})
	got, l, err := feed(bytes.NewReader(lengths(append(frames, good)...)), LinkOptions{MaxMessage: 100_000})
	if !errors.Is(err, ErrPeerClosed) || len(got) != 1 || l.Stats().Dropped != 1 {
		t.Errorf("%d signals, %d dropped, %v", len(got), l.Stats().Dropped, err)
	}
}

func TestOpenFragmentsAreBounded(t *testing.T) {
	var many [][]byte
	for i := range 20_000 {
		f := fragments(0, []byte{0}, []byte("x"), nil)[0]
		f[8], f[9] = byte(i>>8), byte(i)
		many = append(many, f)
	}
	if _, _, err := feed(bytes.NewReader(lengths(many...)), LinkOptions{}); !errors.Is(err, ErrLimit) {
		t.Errorf("many sequences: %v", err)
	}
	for i := range many {
		many[i] = append(many[i], make([]byte, 1000)...)
	}
	if _, _, err := feed(bytes.NewReader(lengths(many[:1000]...)), LinkOptions{MaxMessage: 10_000}); !errors.Is(err, ErrLimit) {
		t.Errorf("many bytes: %v", err)
	}
}

// TestClaimsCostNothing has peers that announce much and send little.
func TestClaimsCostNothing(t *testing.T) {
	claim := []byte{0x1f, 0xff, 0xff, 0xff, version, typeHeader, 0}
	huge := fragments(1, []byte{0}, make([]byte, 10_000))[0]
	copy(huge[10:], bytes.Repeat([]byte{0x7f}, 8)) // so many fragments
	for name, in := range map[string][]byte{
		"frame":    append(claim, make([]byte, 100)...),
		"fragment": lengths(huge),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := feed(bytes.NewReader(in), LinkOptions{})
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, ErrPeerClosed) || n > 1<<20 {
			t.Errorf("%s: %d bytes allocated, %v", name, n, err)
		}
	}
}

// TestAtomCaches sends random lists of atoms from one half to the other.
func TestAtomCaches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var out atomCacheOut
		var in atomCacheIn
		names := rapid.SampledFrom([]int{10, 300, 5000}).Draw(t, "names")
		for range rapid.IntRange(1, 40).Draw(t, "messages") {
			atoms := make([]etf.Atom, rapid.IntRange(0, maxFrameAtoms).Draw(t, "atoms"))
			for i := range atoms {
				n := rapid.IntRange(0, names).Draw(t, "atom")
				atoms[i] = etf.Atom(fmt.Sprint(n))
				if n%17 == 0 {
					atoms[i] = etf.Atom(strings.Repeat("€", n%256))
				}
			}
			got, rest, err := in.refs(append(out.appendRefs(nil, atoms), "rest"...))
			if err != nil || string(rest) != "rest" || len(got) != len(atoms) {
				t.Fatalf("%d of %d atoms, %q left, %v", len(got), len(atoms), rest, err)
			}
			for i := range atoms {
				if got[i] != etf.Term(atoms[i]) {
					t.Fatalf("atom %d is %v instead of %v", i, got[i], atoms[i])
				}
			}
		}
	})
}

// sent is a signal of the queue test: number n of its sender, to bob or, from
// the name of a sender, to bob as DOWN.
func sent(sender uint32, n, size int) Signal {
	from := pid("a@h", sender)
	return SigSend{From: from, To: bob, Message: etf.Tuple{int64(n), bytes.Repeat([]byte{byte(n)}, size)}}
}

// TestQueueKeepsOrder pushes random signals while the writer works.
func TestQueueKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flags := rapid.SampledFrom([]Flags{DefaultFlags, DefaultFlags &^ Fragments, DefaultFlags &^ DistHdrAtomCache}).Draw(t, "flags")
		o := newOutbox(flags)
		o.vectored = rapid.Bool().Draw(t, "vectored")
		next := map[uint32]int{}
		total := map[uint32]int{} // signals before the DOWN of each number
		var downs []map[uint32]int
		count := 0
		for range rapid.IntRange(1, 60).Draw(t, "operations") {
			switch rapid.IntRange(0, 19).Draw(t, "operation") {
			case 0, 1, 2:
				o.step(t)
			case 3:
				before := map[uint32]int{}
				for k, v := range next {
					before[k] = v
				}
				o.post(t, SigMonitorExit{From: etf.Atom("name"), To: bob, Ref: ref1, Reason: int64(len(downs))})
				downs = append(downs, before)
				count++
			default:
				sender := uint32(rapid.IntRange(1, 3).Draw(t, "sender"))
				size := rapid.SampledFrom([]int{0, 100, 5000, 60_000, 70_000, 300_000}).Draw(t, "size")
				o.post(t, sent(sender, next[sender], size))
				next[sender]++
				count++
			}
		}
		got, _, err := feed(bytes.NewReader(o.drain(t)), LinkOptions{})
		if !errors.Is(err, ErrPeerClosed) || len(got) != count {
			t.Fatalf("%d of %d signals, %v", len(got), count, err)
		}
		for _, s := range got {
			switch s := s.(type) {
			case SigSend:
				m := s.Message.(etf.Tuple)
				blob := m[1].([]byte)
				if m[0] != etf.Term(int64(total[s.From.ID])) || !bytes.Equal(blob, bytes.Repeat([]byte{byte(total[s.From.ID])}, len(blob))) {
					t.Fatalf("sender %d: %v instead of %d", s.From.ID, m[0], total[s.From.ID])
				}
				total[s.From.ID]++
			case SigMonitorExit:
				checkLargeCame(t, downs[s.Reason.(int64)], total)
			}
		}
		if q := o.link.Stats().Queued; q != 0 {
			t.Fatalf("%d bytes queued", q)
		}
	})
}

// checkLargeCame checks that nothing sent before a DOWN by name comes after it.
func checkLargeCame(t *rapid.T, before, total map[uint32]int) {
	for sender, n := range before {
		if total[sender] < n {
			t.Fatalf("DOWN came before message %d of sender %d", n-1, sender)
		}
	}
}

// TestLargeLetsSmallPass counts the fragments ahead of a small message.
func TestLargeLetsSmallPass(t *testing.T) {
	o := newOutbox(DefaultFlags)
	const size = 20 << 20
	o.post(t, SigSend{From: alice, To: bob, Message: make([]byte, size)})
	o.step(t)
	o.post(t,
		SigSend{From: alice, To: bob, Message: etf.Atom("behind")},
		SigMonitor{From: pid("a@h", 3), To: bob, Ref: ref1},
		SigSend{From: pid("a@h", 4), To: bob, Message: make([]byte, 200_000)},
	)
	var got []string
	largest := 0
	for _, f := range split(t, o.drain(t)) {
		largest = max(largest, len(f))
		got = append(got, fmt.Sprint(f[1] == typeHeader, f[9]))
	}
	if got[0] != "false 1" || got[1] != "false 1" || !strings.HasPrefix(got[2], "true") {
		t.Errorf("order %v…", got[:8])
	}
	if got[3] == got[4] {
		t.Errorf("large messages do not take turns: %v…", got[:8])
	}
	if last := got[len(got)-1]; !strings.HasPrefix(last, "true") {
		t.Errorf("last is %v", last)
	}
	if largest > fragmentSize+64 {
		t.Errorf("frame of %d bytes", largest)
	}
	if len(got) != size/fragmentSize+1+4+2 {
		t.Errorf("%d frames", len(got))
	}
}

// TestLargeDoesNotOvertake has more small messages ahead of a large one than a
// write takes.
func TestLargeDoesNotOvertake(t *testing.T) {
	o := newOutbox(DefaultFlags)
	const n = 20
	for i := range n {
		o.post(t, sent(1, i, 60_000))
	}
	o.post(t, SigSpawnReply{ReqID: ref1, To: bob, Result: alice}, sent(1, n, 70_000))
	got, _, _ := feed(bytes.NewReader(o.drain(t)), LinkOptions{})
	if len(got) != n+2 {
		t.Fatalf("%d signals", len(got))
	}
	if _, ok := got[n].(SigSpawnReply); !ok {
		t.Errorf("signal %d is %T", n, got[n])
	}
	for i, s := range append(got[:n:n], got[n+1]) {
		if s.(SigSend).Message.(etf.Tuple)[0] != etf.Term(int64(i)) {
			t.Errorf("message %d is out of order", i)
		}
	}
}

// TestControlStaysInFirstFragment has a control message over 64 KiB.
func TestControlStaysInFirstFragment(t *testing.T) {
	o := newOutbox(DefaultFlags &^ ExitPayload)
	o.post(t, SigExit{From: alice, To: bob, Reason: make([]byte, 200_000)})
	frames := split(t, o.drain(t))
	if len(frames) != 1 || frames[0][1] != typeFirst || frames[0][17] != 1 {
		t.Errorf("%d frames", len(frames))
	}
	got, _, _ := feed(bytes.NewReader(o.out.Bytes()), LinkOptions{})
	if d := cmp.Diff([]Signal{SigExit{From: alice, To: bob, Reason: make([]byte, 200_000)}}, got); d != "" {
		t.Error("exit changed")
	}
}

// TestManyAtoms has more atoms than a header holds.
func TestManyAtoms(t *testing.T) {
	var list etf.List
	for i := range 700 {
		list = append(list, etf.Atom(fmt.Sprint("atom", i%350)))
	}
	o := newOutbox(DefaultFlags)
	want := SigSend{From: alice, To: bob, Message: list}
	o.post(t, want, want)
	got, _, _ := feed(bytes.NewReader(o.drain(t)), LinkOptions{})
	if d := cmp.Diff([]Signal{want, want}, got); d != "" {
		t.Error(d)
	}
}

// TestSmallMessagesShareAWrite counts writes.
func TestSmallMessagesShareAWrite(t *testing.T) {
	o := newOutbox(DefaultFlags)
	for range 500 {
		o.post(t, SigSend{From: alice, To: bob, Message: etf.OK})
	}
	if o.step(t); o.step(t) {
		t.Error("more than one write")
	}
	got, _, _ := feed(bytes.NewReader(o.out.Bytes()), LinkOptions{})
	if len(got) != 500 {
		t.Errorf("%d signals", len(got))
	}
}
