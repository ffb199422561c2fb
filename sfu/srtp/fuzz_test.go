package srtp

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/fjord-media/fjord/sfu/rtp"
)

// FuzzOpen: no packet of a stranger is opened, nothing breaks, and none keeps
// the next genuine one from being opened. The input is cut into packets by
// two-byte lengths.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{0, 12, 0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7})
	f.Add(append([]byte{0, 40}, bytes.Repeat([]byte{0x90}, 40)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, profile := range []Profile{AEADAES128, AES128CMSHA1} {
			keys, _, err := profile.Split(bytes.Repeat([]byte{7}, profile.MaterialSize()))
			if err != nil {
				t.Fatal(err)
			}
			checkOpen(t, keys, b)
		}
	})
}

func checkOpen(t *testing.T, keys Keys, b []byte) {
	sealer, err := NewSealer(keys)
	if err != nil {
		t.Fatal(err)
	}
	opener, err := NewOpener(keys)
	if err != nil {
		t.Fatal(err)
	}
	stream := sealer.Stream()
	for n := uint16(1); len(b) >= 2; n++ {
		size := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
		forged := bytes.Clone(b[2 : 2+size])
		b = b[2+size:]
		if header, err := rtp.HeaderLength(forged); err == nil {
			if _, err := opener.Open(forged, header); err == nil {
				t.Fatal("a forged packet was opened")
			}
		}
		packet, header := packet(t, n, 7, 50)
		want := bytes.Clone(packet)
		sealed := stream.Seal(packet, 0, header)
		got, err := opener.Open(bytes.Clone(sealed), header)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("packet %d: %x, %v", n, got, err)
		}
		if _, err := opener.Open(sealed, header); err == nil {
			t.Fatalf("packet %d was opened twice", n)
		}
	}
}
