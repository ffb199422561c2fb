package srtp

import (
	"bytes"
	"errors"
	"testing"

	psrtp "github.com/pion/srtp/v3"
)

// pair is Pion as a sender and we as the receiver.
func pair(t *testing.T, p Profile) (*psrtp.Context, *Opener) {
	t.Helper()
	k, _, err := p.Split(material(t, p))
	if err != nil {
		t.Fatal(err)
	}
	out, err := psrtp.CreateContext(k.Key, k.Salt, psrtp.ProtectionProfile(p))
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewOpener(k)
	if err != nil {
		t.Fatal(err)
	}
	return out, in
}

// pass seals a packet; one that is not lost is opened.
func pass(t *testing.T, out *psrtp.Context, in *Opener, seq uint16, ssrc uint32, lost bool) error {
	t.Helper()
	plain, header := packet(t, seq, ssrc, 20)
	sealed, err := out.EncryptRTP(nil, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lost {
		return nil
	}
	opened, err := in.Open(sealed, header)
	if err == nil && !bytes.Equal(opened, plain) {
		t.Fatalf("packet %d is damaged", seq)
	}
	return err
}

// TestBeginsBehindAWrap: everything before the wrap of the sequence number is
// lost: the sender's rollover counter is ahead of what we would guess.
func TestBeginsBehindAWrap(t *testing.T) {
	for _, p := range profiles {
		out, in := pair(t, p)
		for n := 65500; n < 3<<16; n += 89 {
			seq := uint16(n)
			if err := pass(t, out, in, seq, 7, n < 1<<16+1000); err != nil {
				t.Fatalf("profile %v: packet %d: %v", p, seq, err)
			}
		}
	}
}

// TestLossAcrossWraps: many wraps, each of them in a stretch of packets that
// all are lost, the longest that can be told from an old packet.
func TestLossAcrossWraps(t *testing.T) {
	for _, p := range profiles {
		out, in := pair(t, p)
		for n := 0; n < 9<<16; n += 89 {
			seq := uint16(n)
			if err := pass(t, out, in, seq, 7, seq > 50000 || seq < 17000); err != nil {
				t.Fatalf("profile %v: packet %d: %v", p, n, err)
			}
		}
	}
}

// TestManySources: a client that takes a new SSRC again and again is heard, and
// remembered only as far as maxStreams; what is in use is not forgotten.
func TestManySources(t *testing.T) {
	out, in := pair(t, AEADAES128)
	for i := range uint32(4 * maxStreams) {
		if err := pass(t, out, in, uint16(i), 1, false); err != nil {
			t.Fatal(err)
		}
		if err := pass(t, out, in, 60000, 100+i, false); err != nil {
			t.Fatalf("source %d: %v", i, err)
		}
	}
	if len(in.streams) > maxStreams || in.streams[1] == nil {
		t.Errorf("%d sources are remembered, the one in use: %v", len(in.streams), in.streams[1] != nil)
	}
}

// TestForgedBeginning: what is not authentic takes no memory.
func TestForgedBeginning(t *testing.T) {
	for _, p := range profiles {
		_, in := pair(t, p)
		stranger, _ := pair(t, p)
		for _, seq := range []uint16{1, 40000} {
			if err := pass(t, stranger, in, seq, 7, false); !errors.Is(err, ErrForged) {
				t.Errorf("profile %v: %v", p, err)
			}
		}
		if len(in.streams) != 0 {
			t.Errorf("%d sources are remembered", len(in.streams))
		}
	}
}
