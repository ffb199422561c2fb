package sfu

import (
	"encoding/binary"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/fjord-media/fjord/sfu/rtp"
)

// feed is one variant's stream of frames as a publisher would send it.
type feed struct {
	extended  uint64
	timestamp uint32
	picture   uint16
	tl0       uint8
	key       uint8
}

func (f *feed) next() *rtp.Packet {
	f.extended++
	f.timestamp += 3000
	f.picture = (f.picture + 1) & 0x7fff
	f.tl0++
	f.key = (f.key + 1) & 0x1f
	return &rtp.Packet{
		Extended: f.extended, Sequence: uint16(f.extended), Timestamp: f.timestamp,
		Frame: rtp.Frame{Start: true, KeyFrame: true, PictureAt: 2, PictureWide: true, TL0At: 4, KeyIndexAt: 5, PictureID: f.picture, TL0: f.tl0, KeyIndex: f.key},
	}
}

// TestRewriteIsOneStream: however a subscriber is moved between variants and
// whatever is lost or late, numbers are unique, a packet keeps its number, and
// every number given leads back to its packet.
func TestRewriteIsOneStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkRewrite(t, func(name string, most int) int { return rapid.IntRange(0, most).Draw(t, name) })
	})
}

// FuzzRewrite is the same from bytes: each choice takes the next four, zeros
// follow the last.
func FuzzRewrite(f *testing.F) {
	f.Add([]byte("a sequence of choices"))
	f.Fuzz(func(t *testing.T, choices []byte) {
		checkRewrite(t, func(_ string, most int) int {
			var four [4]byte
			choices = choices[copy(four[:], choices):]
			return int(uint64(binary.LittleEndian.Uint32(four[:])) % (uint64(most) + 1))
		})
	})
}

// chooser picks a number from 0 to most.
type chooser func(name string, most int) int

type given struct {
	variant  int
	extended uint64
}

func checkRewrite(t interface {
	Fatalf(format string, args ...any)
}, choose chooser,
) {
	var r rewriter
	r.begin(90000)
	feeds := make([]feed, 3)
	for i := range feeds {
		feeds[i] = feed{
			extended: 65536 + uint64(choose("sequence", math.MaxUint16)), timestamp: uint32(choose("timestamp", math.MaxUint32)),
			picture: uint16(choose("picture", 0x7fff)), tl0: uint8(choose("tl0", math.MaxUint8)), key: uint8(choose("key", 0x1f)),
		}
	}
	current, now := -1, int64(1)
	seen := map[uint64]given{}
	var order []uint64
	var late []*rtp.Packet
	var last rewritten
	for range 1 + choose("packets", 299) {
		now += int64(choose("elapsed", 100_000_000))
		change := current < 0 || choose("change", 20) == 0
		if change {
			current, late = choose("variant", 2), nil
		}
		p := feeds[current].next()
		p.Arrival = now
		if change {
			r.change(current, p)
		} else {
			switch choose("fate", 9) {
			case 0:
				continue // lost
			case 1:
				late = append(late, p)
				continue
			case 2:
				if len(late) > 0 {
					p, late = late[0], late[1:]
				}
			}
		}
		out, ok := r.packet(p)
		if !ok {
			t.Fatalf("packet %d of variant %d refused", p.Extended, current)
		}
		if old, twice := seen[out.extended]; twice {
			t.Fatalf("number %d for %v and for %d of variant %d", out.extended, old, p.Extended, current)
		}
		seen[out.extended] = given{current, p.Extended}
		order = append(order, out.extended)
		if change && last.extended != 0 {
			if out.extended != r.last || int32(out.timestamp-last.timestamp) <= 0 {
				t.Fatalf("a change from %+v to %+v", last, out)
			}
		}
		if out.extended == r.last {
			last = out
		}
	}
	for _, n := range order[max(0, len(order)-50):] {
		s, extended, ok := r.origin(uint16(n))
		if want := seen[n]; ok && (s.variant != want.variant || extended != want.extended) {
			t.Fatalf("number %d leads to %d of variant %d, not to %v", n, extended, s.variant, want)
		}
	}
}

// TestPictureNumbers: at a change the next picture follows the last.
func TestPictureNumbers(t *testing.T) {
	var r rewriter
	r.begin(90000)
	a := feed{extended: 70000, picture: 0x7ffe, tl0: 254, key: 30}
	b := feed{extended: 90000, picture: 5, tl0: 9, key: 3}
	var last rewritten
	var lastFrame rtp.Frame
	for i := range 20 {
		f := &a
		if i/5%2 == 1 {
			f = &b
		}
		p := f.next()
		p.Arrival = int64(i+1) * 33_000_000
		if i%5 == 0 {
			r.change(i/5%2, p)
		}
		out, ok := r.packet(p)
		if !ok {
			t.Fatal("refused")
		}
		if i > 0 {
			picture := (p.Frame.PictureID + out.shift.Picture - lastFrame.PictureID - last.shift.Picture) & 0x7fff
			tl0 := p.Frame.TL0 + out.shift.TL0 - lastFrame.TL0 - last.shift.TL0
			key := (p.Frame.KeyIndex + out.shift.KeyIndex - lastFrame.KeyIndex - last.shift.KeyIndex) & 0x1f
			if out.extended != last.extended+1 || picture != 1 || tl0 != 1 || key != 1 {
				t.Fatalf("packet %d: number +%d, picture +%d, TL0 +%d, key +%d", i, out.extended-last.extended, picture, tl0, key)
			}
		}
		last, lastFrame = out, p.Frame
	}
}
