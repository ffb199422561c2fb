package sfu

// slot is an m-line on which the client receives, or will once it has offered
// one. Slots are never taken away: the counts in offerData must not fall. One
// whose track is gone waits for another of its kind.
type slot struct {
	kind    Kind
	mid     string // empty before the first answer
	track   *Track // nil: free
	mapped  bool   // the client's map of mids names the track
	leaving bool   // the track is gone, but the client must be told later
	idle    bool   // answered as inactive since it became free, or never answered
	counted bool   // the client has been asked to offer it
	down    *downTrack
	stream  string // msid of the track
	ssrc    uint32
	rtx     uint32
	codec   outCodec // of the newest answer
	sending bool     // the newest answer says sendonly
}

// outCodec is how a subscriber wants a track.
type outCodec struct {
	name        string
	payloadType uint8
	rtx         uint8 // payload type, 0: none
	clockRate   int
	transportID uint8 // of the transport-wide sequence number, 0: none
}

// place gives a track a slot: a free one, or a new one.
func (s *session) place(t *Track) {
	var l *slot
	for _, o := range s.slots {
		if o.kind == t.Kind() && o.track == nil && o.idle {
			l = o
			break
		}
	}
	if l == nil {
		l = &slot{kind: t.Kind(), idle: true}
		s.slots = append(s.slots, l)
	}
	l.track, l.mapped, l.leaving, l.idle, l.sending = t, false, false, false, false
	l.stream, l.ssrc, l.rtx = randomName(16), s.freshSSRC(), s.freshSSRC()
}

// freshSSRC picks a number that no other slot has: reuse under one key would
// repeat nonces.
func (s *session) freshSSRC() uint32 {
	for {
		n := randomUint32()
		if n == 0 || s.down.used[n] {
			continue
		}
		s.down.used[n] = true
		return n
	}
}

func (s *session) slotOf(t *Track) *slot {
	for _, l := range s.slots {
		if l.track == t {
			return l
		}
	}
	return nil
}

// free takes the track off the slot.
func (l *slot) free() {
	l.unlink()
	l.track, l.mapped, l.leaving = nil, false, false
	l.idle = l.mid == "" // the next answer must say inactive first
}

// unlink ends the forwarding.
func (l *slot) unlink() {
	if l.down == nil {
		return
	}
	d := l.down
	l.down = nil
	d.end()
}
