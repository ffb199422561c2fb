package sfu

import (
	"net/netip"
	"time"

	"github.com/fjord-media/fjord/sfu/signal"
)

// state says where a negotiation round is.
type state int

const (
	idle           state = iota
	offerRequested       // offerData is sent
	answered             // the answer is sent, the client has yet to connect
)

const (
	roundLimit   = 5 * time.Second // for each half of a round
	roundRetries = 4
)

// negotiation is the state of a session's rounds of offerData, sdpOffer and
// sdpAnswer. One runs at a time.
type negotiation struct {
	state      state
	again      bool // another round is due after this one
	wanted     bool // the client has asked for a round itself
	generation int  // of the newest answer
	version    int  // of the newest answer's description
	retries    int
	round      int // number of timers set
	timer      *time.Timer
}

func (n *negotiation) stop() {
	n.round++
	if n.timer != nil {
		n.timer.Stop()
		n.timer = nil
	}
}

// trigger asks for a round: now, or after the one that runs.
func (s *session) trigger() {
	if s.negotiation.state != idle {
		s.negotiation.again = true
		return
	}
	s.negotiation.retries = 0
	s.request()
}

// request sends offerData. Nothing is sent to a client that has nothing to
// send and nothing to receive: its browser could not make an offer.
func (s *session) request() {
	types := signal.TrackTypes{}
	for _, l := range s.slots {
		if l.kind == Audio {
			types.Audio++
		} else {
			types.Video++
		}
	}
	if types == (signal.TrackTypes{}) && !s.negotiation.wanted {
		return
	}
	if err := s.open(); err != nil {
		s.log.Warn("no media connection", "error", err)
		return
	}
	for _, l := range s.slots {
		l.counted = true
	}
	s.negotiation.state, s.negotiation.again = offerRequested, false
	s.arm()
	s.tell(signal.OfferData{Types: types, Turns: s.turns()})
}

// turns lists the TURN servers: mobile SDKs break on any transport but UDP and
// TCP, so that TLS is named only where the operator wants it to be.
func (s *session) turns() []signal.Turn {
	engine := s.peer.room.engine
	socket := engine.socket
	list := []signal.Turn{s.turn(socket.Candidate(), "udp")}
	if tcp, ok := socket.TCP(); ok {
		list = append(list, s.turn(tcp, "tcp"))
	}
	if secure, ok := socket.TLS(); ok && engine.namesTLS {
		list = append(list, s.turn(secure, "tls"))
	}
	return list
}

func (s *session) turn(at netip.AddrPort, transport string) signal.Turn {
	host := at.Addr().String()
	if at.Addr().Is6() {
		host = "[" + host + "]"
	}
	return signal.Turn{
		Addr: host, Port: int(at.Port()), Transport: transport, Username: s.credentials.Username, Password: s.credentials.Password,
	}
}

// arm begins the time a half round may take.
func (s *session) arm() {
	n := &s.negotiation
	n.stop()
	round := n.round
	n.timer = time.AfterFunc(roundLimit, func() {
		s.post(func() {
			if n.round == round {
				s.late()
			}
		})
	})
}

// late begins the round again, a few times.
func (s *session) late() {
	n := &s.negotiation
	if n.retries >= roundRetries {
		s.log.Info("client does not finish a negotiation", "retries", n.retries)
		n.stop()
		n.state = idle // the next change begins a new one
		return
	}
	n.retries++
	s.request()
}

// settle sends the new tracks once the client has connected with the newest
// credentials, however late, and ends the round that waits for it.
func (s *session) settle() {
	n := &s.negotiation
	if n.generation == 0 || !s.ready || s.confirmed < n.generation {
		return
	}
	for _, l := range s.slots {
		s.link(l)
	}
	if n.state != answered {
		return
	}
	n.stop()
	n.state = idle
	if n.again {
		n.again = false
		s.trigger()
	}
}

// link begins to forward a slot's track.
func (s *session) link(l *slot) {
	if l.track == nil || l.leaving || !l.sending || l.down != nil {
		return
	}
	d := newDownTrack(s, l)
	if d == nil {
		return
	}
	if target := s.targets[l.track]; target != "" {
		d.setTarget(target)
	}
	if !l.track.Subscribe(d) {
		return
	}
	l.down = d
	s.down.add(d)
	d.begin(s.transport.Now())
	if speech, known := l.track.Speech(); known {
		s.tell(signal.VADNotification{TrackID: l.track.ID(), Status: status(speech)})
	}
}

func status(speech bool) string {
	if speech {
		return "speech"
	}
	return "silence"
}
