package sfu

import (
	"time"

	"github.com/fjord-media/fjord/sfu/rtp"
)

// A client checks its path every few seconds. When nothing has come for so
// long, only a new offer can bring it back.
const (
	silenceLimit = int64(8 * time.Second)
	silenceAgain = int64(15 * time.Second)
)

// RTP implements transport.Handler.
func (s *session) RTP(batch []*rtp.Packet) { s.up.take(batch) }

// RTCP implements transport.Handler.
func (s *session) RTCP(packet []byte, arrival int64) { s.control(packet, arrival) }

// Tick implements transport.Handler.
func (s *session) Tick(now int64) {
	s.up.tick(now)
	s.down.tick(now)
	t := s.up.transport.Load()
	if t == nil || t.Silence() < silenceLimit || now-s.last.Load() < silenceAgain {
		return
	}
	s.last.Store(now)
	s.post(func() {
		if s.ready {
			s.log.Debug("client is silent, restarting ICE")
			s.trigger()
		}
	})
}
