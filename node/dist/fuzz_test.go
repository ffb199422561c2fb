package dist

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/iotest"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/google/go-cmp/cmp"
)

// FuzzRespond feeds the accepting side. A peer without the cookie must not get in.
func FuzzRespond(f *testing.F) {
	name := hello{false, DefaultFlags, 5, "a@h"}.append(nil)
	f.Add(framed(name, appendReply(nil, theirs, digest("c", ours))), byte(0))
	f.Add(framed(name, status("true"), appendReply(nil, theirs, digest("x", ours))), byte(1))
	f.Add(framed(append([]byte{'n', 0, 5, 0x07, 0xdf, 0x7f, 0xbd}, "a@h"...), appendComplement(nil, DefaultFlags, 5)), byte(0))
	f.Add(framed(hello{false, DefaultFlags | NameMe, 5, "host"}.append(nil)), byte(2))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), byte(0))
	f.Add([]byte("\x16\x03\x01\x02\x00\x01\x00"), byte(0))
	f.Add(wideFramed(name, appendReply(nil, theirs, digest("c", ours))), byte(0x80))
	f.Add(wideFramed(hello{false, DefaultFlags | NameMe, 5, "host"}.append(nil)), byte(0x82))
	proof := digest("c", ours)
	f.Fuzz(func(t *testing.T, in []byte, choice byte) {
		arbiter := []Arbiter{&verdict{status: StatusOK}, &verdict{status: StatusAlive}, &baptist{}}[choice%3]
		local := localB
		local.Wide = choice&0x80 != 0 // as over TLS
		s := newSession(&scripted{in: bytes.NewReader(in)}, local)
		s.challenge = fixed
		peer, err := s.run(t.Context(), func(ctx context.Context) error { return s.respond(ctx, arbiter) })
		if err != nil {
			return
		}
		if !bytes.Contains(in, proof[:]) {
			t.Error("let in without the cookie")
		}
		if !validNodeName(peer.Name) || peer.Flags.Missing() != 0 {
			t.Errorf("let in %+v", peer)
		}
	})
}

// FuzzInitiate feeds the dialling side.
func FuzzInitiate(f *testing.F) {
	good := challenge{DefaultFlags, theirs, 6, "b@h"}.append(nil)
	ack := appendAck(nil, digest("c", ours))
	f.Add(framed(status("ok"), good, ack))
	f.Add(framed(status("alive"), good, ack))
	f.Add(framed(appendNamed(nil, "x@h", 9), good, ack))
	f.Add(framed(status("nok")))
	proof := digest("c", ours)
	f.Fuzz(func(t *testing.T, in []byte) {
		local := localA
		local.Flags |= NameMe
		s := newSession(&scripted{in: bytes.NewReader(in)}, local)
		s.challenge = fixed
		s.peer.Name = "b@h"
		peer, err := s.run(t.Context(), func(context.Context) error {
			return s.initiate(func() bool { return true })
		})
		if err == nil && (!bytes.Contains(in, proof[:]) || peer.Flags.Missing() != 0) {
			t.Errorf("believed %+v", peer)
		}
	})
}

// FuzzFrames feeds a link at once and byte by byte: both must see the same.
func FuzzFrames(f *testing.F) {
	o := newOutbox(DefaultFlags)
	o.post(f, SigSend{From: alice, To: bob, Message: bytes.Repeat([]byte("x"), 70_000)})
	for _, w := range wires() {
		o.post(f, w.sig)
	}
	f.Add(bytes.Clone(o.drain(f)))
	refs := []byte{3, 0x88, 0x08, 9, 0, 10, 1, 'x', 11, 3, 'a', '@', 'h'}
	body := []byte{104, 4, 97, 6, 88, 82, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 82, 0, 82, 1, 109, 0, 0, 0, 3, 'm', 's', 'g'}
	three := fragments(2, refs, body[:23], body[23:25], body[25:])
	f.Add(lengths(append(three, nil, fragments(3, refs, body)[0])...))
	f.Add(lengths(passFrame(f, etf.Tuple{int64(1), alice, bob}), nil, []byte{typePass}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, version, typeHeader})
	f.Fuzz(func(t *testing.T, in []byte) {
		opts := LinkOptions{MaxMessage: 1 << 20}
		got, l, err := feed(bytes.NewReader(in), opts)
		slow, m, errSlow := feed(iotest.OneByteReader(bytes.NewReader(in)), opts)
		if !errors.Is(err, ErrPeerClosed) && !errors.Is(err, ErrFrame) && !errors.Is(err, ErrLimit) {
			t.Errorf("ended by %v", err)
		}
		if err.Error() != errSlow.Error() || l.Stats().Dropped != m.Stats().Dropped || len(got) != len(slow) {
			t.Errorf("%v, %v; %d, %d signals", err, errSlow, len(got), len(slow))
		}
	})
}

// FuzzControl decodes a control message and its payload; what comes out is
// encoded and must come back.
func FuzzControl(f *testing.F) {
	for _, w := range wires() {
		o := newOutbox(w.flags &^ DistHdrAtomCache)
		o.post(f, w.sig)
		f.Add(bytes.Clone(o.drain(f)[5:]))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, _, _ := feed(bytes.NewReader(lengths(append([]byte{typePass}, in...))), LinkOptions{})
		if len(got) != 1 {
			return
		}
		for _, flags := range []Flags{DefaultFlags, oldPeer | UnlinkID, DefaultFlags &^ DistHdrAtomCache} {
			o := newOutbox(flags)
			if err := o.link.Post(got[0]); err != nil {
				continue // such as a map with the same key twice
			}
			again, _, err := feed(bytes.NewReader(o.drain(t)), LinkOptions{})
			if !errors.Is(err, ErrPeerClosed) || len(again) != 1 {
				t.Fatalf("%#v came back as %#v, %v", got[0], again, err)
			}
			if flags == DefaultFlags && !sameSignal(got[0], again[0]) {
				t.Errorf("%#v came back as %#v", got[0], again[0])
			}
		}
	})
}

// sameSignal compares what a signal is, without flags of damage and terms that
// may be written in more than one way.
func sameSignal(a, b Signal) bool {
	switch x := a.(type) {
	case SigLink, SigUnlink, SigUnlinkID, SigUnlinkIDAck, SigGroupLeader, SigMonitor, SigDemonitor, SigSpawnReply:
		return cmp.Equal(a, b)
	case SigSend:
		y, ok := b.(SigSend)
		return ok && x.To == y.To && x.From == y.From && x.Prio == y.Prio
	}
	return true
}
