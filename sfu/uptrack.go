package sfu

import (
	"sync/atomic"

	"github.com/pion/rtcp"

	"github.com/fjord-media/fjord/sfu/codec"
	"github.com/fjord-media/fjord/sfu/signal"
	"github.com/fjord-media/fjord/sfu/vad"
)

// upTrack is a track that a client publishes, from its receiver's side.
type upTrack struct {
	session *session
	config  TrackConfig
	parse   codec.Parser
	track   atomic.Pointer[Track] // nil: not published yet
	ssrcs   []atomic.Uint32       // by variant; 0: nothing came yet

	// of the media goroutine
	vad    vad.Detector
	epochs []uint32 // by variant: how many streams it has come from
}

func newUpTrack(s *session, c TrackConfig) *upTrack {
	variants := max(1, len(c.RIDs))
	u := &upTrack{
		session: s, config: c, parse: codec.For(c.Codec), ssrcs: make([]atomic.Uint32, variants), epochs: make([]uint32, variants),
	}
	u.config.KeyFrame = u.requestKeyFrame
	return u
}

func (u *upTrack) simulcast() bool { return len(u.config.RIDs) > 0 }

// requestKeyFrame sends a PLI (RFC 4585 §6.3.1). A variant of which nothing
// came needs none: it begins with a key frame.
func (u *upTrack) requestKeyFrame(variant int) {
	if u.config.Kind != Video || variant < 0 || variant >= len(u.ssrcs) {
		return
	}
	if ssrc := u.ssrcs[variant].Load(); ssrc != 0 {
		u.session.up.send(&rtcp.PictureLossIndication{SenderSSRC: u.session.up.ssrc, MediaSSRC: ssrc})
	}
}

// setBitrates notes what the client means to send.
func (u *upTrack) setBitrates(b signal.Bitrates) {
	t := u.track.Load()
	if t == nil {
		return
	}
	for _, v := range t.Variants() {
		v.SetBitrate(b[v.RID()])
	}
}
