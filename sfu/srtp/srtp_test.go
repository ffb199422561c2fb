package srtp

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	prtp "github.com/pion/rtp"
	psrtp "github.com/pion/srtp/v3"
)

var profiles = []Profile{AEADAES128, AES128CMSHA1}

func material(t *testing.T, p Profile) []byte {
	t.Helper()
	b := make([]byte, p.MaterialSize())
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

func packet(t testing.TB, seq uint16, ssrc uint32, n int) ([]byte, int) {
	t.Helper()
	p := &prtp.Packet{Header: prtp.Header{Version: 2, SequenceNumber: seq, SSRC: ssrc, Timestamp: 9, PayloadType: 96}, Payload: bytes.Repeat([]byte{7}, n)}
	if err := p.SetExtension(3, []byte{1, 2}); err != nil {
		t.Fatal(err)
	}
	b, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b, len(b) - n
}

// TestInterop: Pion opens what we seal, we open what Pion seals, over wraps of
// the sequence number and with late packets.
func TestInterop(t *testing.T) {
	for _, p := range profiles {
		k, _, err := p.Split(material(t, p))
		if err != nil {
			t.Fatal(err)
		}
		pion := func() *psrtp.Context {
			c, err := psrtp.CreateContext(k.Key, k.Salt, psrtp.ProtectionProfile(p))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		in, out := pion(), pion()
		sealer, err := NewSealer(k)
		if err != nil {
			t.Fatal(err)
		}
		opener, err := NewOpener(k)
		if err != nil {
			t.Fatal(err)
		}
		stream := sealer.Stream()
		seq := uint16(65000)
		for i := range 70000 {
			n := seq + uint16(i)
			if i > 0 && i%50 == 0 {
				n -= 1 // swap two
			} else if i > 0 && i%50 == 49 {
				n += 1
			}
			if i < 69000 && i > 2000 && i%7 != 0 && (i+1)%50 > 1 {
				continue // holes
			}
			plain, h := packet(t, n, 77, 10+i%50)
			sealed := stream.Seal(append(make([]byte, 5, 2000), plain...), 5, h)[5:]
			got, err := in.DecryptRTP(nil, sealed, nil)
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("profile %d, packet %d: Pion refuses: %v", p, i, err)
			}
			theirs, err := out.EncryptRTP(nil, plain, nil)
			if err != nil {
				t.Fatal(err)
			}
			mine, err := opener.Open(theirs, h)
			if err != nil || !bytes.Equal(mine, plain) {
				t.Fatalf("profile %d, packet %d: refused: %v", p, i, err)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, p := range profiles {
		k, other, err := p.Split(material(t, p))
		if err != nil {
			t.Fatal(err)
		}
		sealer, _ := NewSealer(k)
		stream := sealer.Stream()
		opener, _ := NewOpener(k)
		stranger, _ := NewOpener(other)
		plain, h := packet(t, 1, 5, 100)
		sealed := stream.Seal(bytes.Clone(plain), 0, h)
		for name, c := range map[string]struct {
			o    *Opener
			b    []byte
			want error
		}{
			"other key": {stranger, sealed, ErrForged},
			"cut":       {opener, sealed[:h+3], ErrForged},
			"changed":   {opener, append(bytes.Clone(sealed[:len(sealed)-1]), sealed[len(sealed)-1]^1), ErrForged},
		} {
			if _, err := c.o.Open(bytes.Clone(c.b), h); !errors.Is(err, c.want) {
				t.Errorf("profile %d, %s: %v", p, name, err)
			}
		}
		if _, err := opener.Open(bytes.Clone(sealed), h); err != nil {
			t.Fatal(err)
		}
		if _, err := opener.Open(bytes.Clone(sealed), h); !errors.Is(err, ErrReplayed) {
			t.Errorf("profile %d: replay: %v", p, err)
		}
	}
}

func TestKeysRefused(t *testing.T) {
	if _, _, err := Profile(8).Split(nil); !errors.Is(err, ErrProfile) {
		t.Error(err)
	}
	if _, err := NewSealer(Keys{Profile: AEADAES128, Key: make([]byte, 3)}); !errors.Is(err, ErrProfile) {
		t.Error(err)
	}
	if _, err := NewOpener(Keys{}); !errors.Is(err, ErrProfile) {
		t.Error(err)
	}
}

func TestNoAllocation(t *testing.T) {
	for _, p := range profiles {
		k, _, _ := p.Split(material(t, p))
		sealer, _ := NewSealer(k)
		stream := sealer.Stream()
		opener, _ := NewOpener(k)
		plain, h := packet(t, 1, 5, 1000)
		buffer := make([]byte, 0, 2000)
		seq := uint16(1)
		n := testing.AllocsPerRun(200, func() {
			seq++
			plain[2], plain[3] = byte(seq>>8), byte(seq)
			sealed := stream.Seal(append(buffer[:0], plain...), 0, h)
			if _, err := opener.Open(sealed, h); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("profile %d: %v allocations per packet", p, n)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	for name, p := range map[string]Profile{"gcm": AEADAES128, "cm": AES128CMSHA1} {
		b.Run(name, func(b *testing.B) {
			k, _, _ := p.Split(make([]byte, p.MaterialSize()))
			sealer, _ := NewSealer(k)
			stream := sealer.Stream()
			plain, h := packet(b, 1, 5, 1100)
			buffer := make([]byte, 0, 2000)
			b.ReportAllocs()
			for b.Loop() {
				buffer = stream.Seal(append(buffer[:0], plain...), 0, h)
			}
		})
	}
}
