package sfu

import (
	"time"

	"github.com/fjord-media/fjord/sfu/codec"
	"github.com/fjord-media/fjord/sfu/rtp"
)

// keptSegments is how many segments retransmissions can still reach into.
const keptSegments = 16

// rewriter gives the packets of a track's variants the numbers of one stream,
// without gaps where it changes between variants, or between streams of one.
type rewriter struct {
	clockRate int
	segments  [keptSegments]segment // ring; newest at (count-1)
	count     int

	last    uint64 // highest number given
	lastRTP uint32 // newest timestamp given
	lastAt  int64  // when
	picture codec.Shift
	any     bool
}

// segment is a stretch of the outgoing stream that comes from one stream of one
// variant.
// Within it everything differs by constants, so that a retransmission finds
// the packet in the publisher's history without a table.
type segment struct {
	variant   int
	first     uint64 // first number of the variant
	out       uint64 // the number it got
	timestamp uint32 // what is added to timestamps
	shift     codec.Shift
}

// rewritten are the numbers of an outgoing packet.
type rewritten struct {
	extended  uint64
	timestamp uint32
	shift     codec.Shift
}

// begin picks the first number, far enough from 0 for what comes late, and
// below half of the range, where SRTP's rollover counter cannot be mistaken.
func (r *rewriter) begin(clockRate int) {
	r.clockRate = max(clockRate, 1)
	r.last = 1<<16 + uint64(randomUint32()&0x3fff) + 1024
}

// change begins a segment with a packet.
func (r *rewriter) change(variant int, p *rtp.Packet) {
	s := segment{variant: variant, first: p.Extended, out: r.last + 1}
	if r.any {
		step := uint32(max(1, (p.Arrival-r.lastAt)/int64(time.Microsecond)*int64(r.clockRate)/int64(time.Second/time.Microsecond)))
		s.timestamp = r.lastRTP + step - p.Timestamp
		f := p.Frame
		s.shift = codec.Shift{
			Picture: r.picture.Picture + 1 - f.PictureID, TL0: r.picture.TL0 + 1 - f.TL0, KeyIndex: r.picture.KeyIndex + 1 - f.KeyIndex,
		}
	}
	r.segments[r.count%keptSegments] = s
	r.count++
	r.any = true
}

// renewed reports whether a packet of the current variant is of a newer stream
// than the segment in force.
func (r *rewriter) renewed(p *rtp.Packet) bool {
	s, ok := r.now()
	return ok && rtp.Epoch(p.Extended) > rtp.Epoch(s.first)
}

// packet gives a packet of the current variant its numbers. ok is false for
// one from before the change.
func (r *rewriter) packet(p *rtp.Packet) (out rewritten, ok bool) {
	if r.count == 0 {
		return out, false
	}
	s := &r.segments[(r.count-1)%keptSegments]
	if p.Extended < s.first {
		return out, false
	}
	out = s.apply(p)
	if out.extended > r.last {
		r.last, r.lastRTP, r.lastAt = out.extended, out.timestamp, p.Arrival
		if f := p.Frame; f.PictureAt > 0 {
			r.picture = codec.Shift{Picture: f.PictureID + s.shift.Picture, TL0: f.TL0 + s.shift.TL0, KeyIndex: f.KeyIndex + s.shift.KeyIndex}
		}
	}
	return out, true
}

func (s *segment) apply(p *rtp.Packet) rewritten {
	return rewritten{extended: s.out + (p.Extended - s.first), timestamp: p.Timestamp + s.timestamp, shift: s.shift}
}

// origin finds the segment of a number that was given. ok is false for numbers
// too old, or never given.
func (r *rewriter) origin(sequence uint16) (s segment, extended uint64, ok bool) {
	out := uint64(int64(r.last) + int64(int16(sequence-uint16(r.last))))
	if out > r.last {
		return s, 0, false
	}
	for i := r.count - 1; i >= 0 && i >= r.count-keptSegments; i-- {
		s = r.segments[i%keptSegments]
		if out >= s.out {
			return s, s.first + (out - s.out), true
		}
	}
	return s, 0, false
}

// now is the segment in force and ok whether there is one.
func (r *rewriter) now() (s segment, ok bool) {
	if r.count == 0 {
		return s, false
	}
	return r.segments[(r.count-1)%keptSegments], true
}
