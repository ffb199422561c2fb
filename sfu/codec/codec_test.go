package codec

import (
	"testing"

	"github.com/fjord-media/fjord/sfu/rtp"
)

func TestKeyFrames(t *testing.T) {
	for _, c := range []struct {
		name, codec string
		payload     []byte
		start, key  bool
	}{
		{"VP8 key, no extension", "vp8", []byte{0x10, 0x00}, true, true},
		{"VP8 delta", "VP8", []byte{0x10, 0x01}, true, false},
		{"VP8 continued", "VP8", []byte{0x00, 0x00}, false, false},
		{"VP8 second partition", "VP8", []byte{0x11, 0x00}, false, false},
		{"VP8 full descriptor", "VP8", []byte{0x90, 0xf0, 0x81, 0x02, 7, 0x25, 0x00}, true, true},
		{"VP8 cut descriptor", "VP8", []byte{0x90, 0xf0, 0x81}, false, false},
		{"VP8 empty", "VP8", nil, false, false},
		{"H264 STAP-A with SPS", "H264", []byte{24, 0, 2, 0x67, 1, 0, 2, 0x68, 1}, true, true},
		{"H264 STAP-A without", "H264", []byte{24, 0, 2, 0x61, 1}, true, false},
		{"H264 STAP-A that lies", "H264", []byte{24, 0, 9, 0x67, 1}, false, false},
		{"H264 SPS", "H264", []byte{0x67, 1}, true, true},
		{"H264 slice", "H264", []byte{0x61, 1}, true, false},
		{"H264 IDR fragment: its parameter sets came before", "H264", []byte{28, 0x85, 1}, true, false},
		{"H265 VPS", "H265", []byte{32 << 1, 1, 0}, true, true},
		{"H265 trail", "H265", []byte{1 << 1, 1, 0}, true, false},
		{"H265 fragment of IDR", "H265", []byte{49 << 1, 1, 0x80 | 19}, true, true},
		{"H265 later fragment of IDR", "H265", []byte{49 << 1, 1, 19}, false, false},
		{"H265 aggregate", "H265", []byte{48 << 1, 1, 0, 9, 33 << 1, 0}, true, true},
		{"VP9 key", "VP9", []byte{0x88, 0x01}, true, true},
		{"VP9 predicted", "VP9", []byte{0xc8, 0x01}, true, false},
		{"VP9 upper layer", "VP9", []byte{0xa8, 0x01, 0x03}, true, false},
		{"AV1 sequence", "AV1", []byte{0x18, 0x0a}, true, true},
		{"AV1 other", "AV1", []byte{0x10, 0x0a}, true, false},
		{"AV1 continued", "AV1", []byte{0x90, 0x0a}, false, false},
		{"opus", "opus", []byte{1}, true, true},
	} {
		f := For(c.codec)(c.payload)
		if f.Start != c.start || f.KeyFrame != c.key {
			t.Errorf("%s: start %v, key frame %v", c.name, f.Start, f.KeyFrame)
		}
	}
}

func TestShiftVP8(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want []byte
	}{
		{"wide", []byte{0x90, 0xf0, 0xff, 0xff, 255, 0x3f, 9}, []byte{0x90, 0xf0, 0x80, 0x01, 2, 0x24, 9}},
		{"narrow", []byte{0x90, 0x80, 0x7f, 9}, []byte{0x90, 0x80, 0x01, 9}},
		{"none", []byte{0x10, 9}, []byte{0x10, 9}},
	} {
		ShiftVP8(c.in, ParseVP8(c.in), Shift{Picture: 2, TL0: 3, KeyIndex: 5})
		if string(c.in) != string(c.want) {
			t.Errorf("%s: % x, want % x", c.name, c.in, c.want)
		}
	}
}

// FuzzParse: no payload breaks a parser, none finds a key frame inside a frame,
// and what is shifted and shifted back is as before.
func FuzzParse(f *testing.F) {
	f.Add([]byte{0x90, 0xf0, 0x81, 0x02, 7, 0x25, 0x00})
	f.Add([]byte{24, 0, 2, 0x67, 1})
	f.Add([]byte{48 << 1, 1, 0, 9, 33 << 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{"VP8", "VP9", "H264", "H265", "AV1", "opus"} {
			if r := For(name)(b); r.KeyFrame && !r.Start {
				t.Fatalf("%s: key frame without start", name)
			}
		}
		shiftBack(t, b)
	})
}

func shiftBack(t *testing.T, b []byte) {
	before, frame := string(b), ParseVP8(b)
	ShiftVP8(b, frame, Shift{Picture: 300, TL0: 200, KeyIndex: 20})
	again := ParseVP8(b)
	if (again.PictureAt != frame.PictureAt) || again.KeyFrame != frame.KeyFrame {
		t.Fatal("shifting moved fields")
	}
	ShiftVP8(b, again, Shift{Picture: negative(300), TL0: 56, KeyIndex: 12})
	if string(b) != before {
		t.Fatalf("% x became % x", before, b)
	}
}

func negative(n uint16) uint16 { return -n }

func TestParseAllocatesNothing(t *testing.T) {
	b := []byte{0x90, 0xf0, 0x81, 0x02, 7, 0x25, 0x00}
	parse := For("VP8")
	var f rtp.Frame
	if n := testing.AllocsPerRun(100, func() { f = parse(b); ShiftVP8(b, f, Shift{1, 1, 1}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
