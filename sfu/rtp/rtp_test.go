package rtp

import (
	"bytes"
	"errors"
	"testing"

	prtp "github.com/pion/rtp"
	"pgregory.net/rapid"
)

func marshal(t testing.TB, p *prtp.Packet) []byte {
	t.Helper()
	b, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParse(t *testing.T) {
	for _, profile := range []uint16{prtp.ExtensionProfileOneByte, prtp.ExtensionProfileTwoByte} {
		theirs := &prtp.Packet{
			Header:  prtp.Header{Version: 2, Marker: true, PayloadType: 96, SequenceNumber: 7, Timestamp: 8, SSRC: 9, CSRC: []uint32{1, 2}},
			Payload: []byte{1, 2, 3},
		}
		theirs.Extension, theirs.ExtensionProfile = true, profile
		for id, value := range map[uint8]string{3: "ab", 5: "x"} {
			if err := theirs.SetExtension(id, []byte(value)); err != nil {
				t.Fatal(err)
			}
		}
		theirs.Header.Padding, theirs.PaddingSize = true, 4
		var pool Pool
		p := pool.Get()
		if err := p.Set(marshal(t, theirs)); err != nil {
			t.Fatal(err)
		}
		if p.PayloadType != 96 || !p.Marker || p.Sequence != 7 || p.Timestamp != 8 || p.SSRC != 9 || !bytes.Equal(p.Payload(), []byte{1, 2, 3}) {
			t.Errorf("profile %#x: %+v", profile, p)
		}
		if string(p.Extension(3)) != "ab" || string(p.Extension(5)) != "x" || p.Extension(4) != nil || p.Extension(0) != nil {
			t.Errorf("profile %#x: extensions %q %q", profile, p.Extension(3), p.Extension(5))
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := marshal(t, &prtp.Packet{Header: prtp.Header{Version: 2, CSRC: []uint32{1}}, Payload: []byte{1}})
	for name, b := range map[string][]byte{
		"empty": nil, "short": good[:11], "version": append([]byte{0x40}, good[1:]...), "no room for CSRCs": append([]byte{0x8f}, good[1:]...),
		"no room for extensions": append([]byte{0x91}, good[1:]...), "padding": append([]byte{0xa1}, append(good[1:len(good)-1:len(good)-1], 200)...),
		"padding 0": append([]byte{0xa1}, append(good[1:len(good)-1:len(good)-1], 0)...), "too long": make([]byte, MaxSize+1),
	} {
		var p Packet
		if err := p.Set(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHeader(t *testing.T) {
	for _, h := range []Header{
		{PayloadType: 96, Marker: true, Sequence: 1, Timestamp: 2, SSRC: 3},
		{PayloadType: 100, Sequence: 65535, Timestamp: 1 << 31, SSRC: 4, TransportID: 14, TransportSequence: 0x1234},
	} {
		b := append(h.Append(nil), 9)
		var p prtp.Packet
		if err := p.Unmarshal(b); err != nil {
			t.Fatal(err)
		}
		if p.PayloadType != h.PayloadType || p.Marker != h.Marker || p.SequenceNumber != h.Sequence || p.Timestamp != h.Timestamp || p.SSRC != h.SSRC {
			t.Errorf("%+v became %+v", h, p.Header)
		}
		if h.TransportID != 0 && !bytes.Equal(p.GetExtension(h.TransportID), []byte{0x12, 0x34}) {
			t.Errorf("transport number % x", p.GetExtension(h.TransportID))
		}
	}
}

func TestRestore(t *testing.T) {
	rtx := marshal(t, &prtp.Packet{
		Header:  prtp.Header{Version: 2, Marker: true, PayloadType: 97, SequenceNumber: 500, Timestamp: 8, SSRC: 10},
		Payload: []byte{0x12, 0x34, 7, 8},
	})
	var p Packet
	if err := p.Set(rtx); err != nil {
		t.Fatal(err)
	}
	if err := p.Restore(9, 96); err != nil {
		t.Fatal(err)
	}
	var q prtp.Packet
	if err := q.Unmarshal(p.Bytes()); err != nil {
		t.Fatal(err)
	}
	if q.SSRC != 9 || q.PayloadType != 96 || q.SequenceNumber != 0x1234 || !q.Marker || !bytes.Equal(q.Payload, []byte{7, 8}) || !bytes.Equal(p.Payload(), q.Payload) {
		t.Errorf("%+v", q)
	}
	if err := p.Set(marshal(t, &prtp.Packet{Header: prtp.Header{Version: 2}, Payload: []byte{1}})); err != nil {
		t.Fatal(err)
	}
	if err := p.Restore(9, 96); !errors.Is(err, ErrMalformed) {
		t.Errorf("a probe: %v", err)
	}
}

func TestUnwrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var u Unwrapper
		at := start + uint64(rapid.Uint16().Draw(t, "first"))
		highest := at
		for i := range rapid.IntRange(1, 200).Draw(t, "steps") {
			if i > 0 {
				at = uint64(int(highest) + rapid.IntRange(-300, 3000).Draw(t, "step"))
			}
			got, newest := u.Unwrap(uint16(at))
			if got != at {
				t.Fatalf("%d became %d", at, got)
			}
			if newest != (i == 0 || at > highest) {
				t.Fatalf("newest of %d after %d: %v", at, highest, newest)
			}
			highest = max(highest, at)
		}
	})
}

// TestEpochs: all numbers of an epoch are above those of the one before, even of
// packets that come late.
func TestEpochs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var highest uint64
		for epoch := range uint32(rapid.IntRange(1, 5).Draw(t, "epochs")) {
			u := NewUnwrapper(epoch)
			seq := rapid.Uint16().Draw(t, "first")
			least, most := uint64(1<<63), uint64(0)
			for i := range rapid.IntRange(1, 50).Draw(t, "packets") {
				if i > 0 {
					seq += uint16(rapid.IntRange(-1000, 30000).Draw(t, "step"))
				}
				n, _ := u.Unwrap(seq)
				if Epoch(n) != epoch || uint16(n) != seq {
					t.Fatalf("number %d of epoch %d became %x", seq, epoch, n)
				}
				least, most = min(least, n), max(most, n)
			}
			if least <= highest {
				t.Fatalf("%x is not above %x", least, highest)
			}
			highest = most
		}
	})
}

// TestHistoryOfEpochs: a history goes on with the next stream at once, and still
// has the end of the one before.
func TestHistoryOfEpochs(t *testing.T) {
	var pool Pool
	h := NewHistory(8)
	add := func(u *Unwrapper, seq uint16) (uint64, bool) {
		p := pool.Get()
		defer p.Release()
		p.Extended, _ = u.Unwrap(seq)
		return p.Extended, h.Add(p)
	}
	one, two := NewUnwrapper(0), NewUnwrapper(1)
	last, _ := add(&one, 60000)
	first, ok := add(&two, 5)
	if !ok || h.Newest() != first {
		t.Fatal("the next stream is refused")
	}
	if p := h.Get(last); p == nil {
		t.Error("the end of the first stream is lost")
	} else {
		p.Release()
	}
	if _, ok := add(&one, 60001); ok {
		t.Error("a straggler is kept")
	}
}

func TestHistory(t *testing.T) {
	var pool Pool
	h := NewHistory(8)
	add := func(extended uint64, key bool) bool {
		p := pool.Get()
		defer p.Release()
		p.Extended, p.Arrival, p.Frame = extended, int64(extended), Frame{Start: true, KeyFrame: key}
		return h.Add(p)
	}
	if _, _, ok := h.Key(); ok {
		t.Error("a key frame in nothing")
	}
	for n := uint64(100); n < 106; n++ {
		if !add(n, n == 102) {
			t.Errorf("%d refused", n)
		}
	}
	if add(103, false) || add(90, false) {
		t.Error("a repeated or old packet was kept")
	}
	if n, at, ok := h.Key(); !ok || n != 102 || at != 102 {
		t.Errorf("key frame at %d", n)
	}
	if p := h.Get(101); p == nil || p.Extended != 101 {
		t.Error("101 is lost")
	} else {
		p.Release()
	}
	for n := uint64(106); n < 112; n++ {
		add(n, false)
	}
	if _, _, ok := h.Key(); ok || h.Get(101) != nil || h.Newest() != 111 {
		t.Error("too old packets are kept")
	}
	late := pool.Get()
	late.Extended, late.Arrival = 112, 111+maxAge+1
	h.Add(late)
	late.Release()
	for n := uint64(105); n < 112; n++ {
		if h.Get(n) != nil {
			t.Errorf("%d is kept after its time", n)
		}
	}
	if h.Get(112) == nil {
		t.Error("the newest is lost")
	}
	h.Clear()
	if h.Get(112) != nil {
		t.Error("not cleared")
	}
}

// FuzzParse: what is accepted means the same to Pion.
func FuzzParse(f *testing.F) {
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 1, 0x10, 9, 0, 0, 1, 2, 3})
	f.Add([]byte{0xa0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Packet
		if p.Set(b) != nil {
			return
		}
		for id := range 256 {
			p.Extension(uint8(id))
		}
		var q prtp.Packet
		if q.Unmarshal(b) == nil && (p.SSRC != q.SSRC || p.Sequence != q.SequenceNumber || !bytes.Equal(p.Payload(), q.Payload)) {
			t.Fatalf("%x: payload %x, Pion's %x", b, p.Payload(), q.Payload)
		}
		_ = p.Restore(1, 2)
	})
}
