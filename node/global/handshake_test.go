package global

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"pgregory.net/rapid"
)

// otpPeer is how a name server of OTP agrees with another one on a session: what
// global.erl of OTP 25 to 29 does with init_connect, init_connect_ack and
// cancel_connect of one node.
type otpPeer struct {
	stays   bool // OTP 25: an init_connect that came twice counts after it began anew
	tags    int64
	mine    int64 // 0: none
	his     int64
	pending bool
	anew    int
	out     []etf.Tuple
}

func (p *otpPeer) say(msg ...etf.Term) { p.out = append(p.out, etf.Tuple(msg)) }

func (p *otpPeer) nodeUp() {
	p.tags++
	p.mine = p.tags
	p.say(atom("init_connect"), p.mine)
}

func (p *otpPeer) cancelLocker() {
	if p.pending {
		p.say(atom("cancel_connect"), p.his)
	}
}

func (p *otpPeer) restart() {
	p.anew++
	p.cancelLocker()
	begun := p.mine != 0
	p.mine, p.his, p.pending = 0, 0, false
	if begun {
		p.nodeUp()
	}
}

func (p *otpPeer) take(msg etf.Tuple) {
	switch msg[0] {
	case etf.Term(atom("init_connect")):
		tag := msg[1].(int64)
		if p.pending {
			p.say(atom("cancel_connect"), tag)
			p.restart()
			if !p.stays {
				return
			}
		}
		p.his, p.pending = tag, true
		p.say(atom("init_connect_ack"), tag, p.mine)
	case etf.Term(atom("init_connect_ack")):
		mine, his := msg[1].(int64), msg[2].(int64)
		if mine != p.mine || his != p.his {
			p.say(atom("cancel_connect"), his)
			p.restart()
		}
	case etf.Term(atom("cancel_connect")):
		if msg[1].(int64) == p.mine {
			p.restart()
		}
	}
}

// mute is an outside where only what is sent counts.
type mute struct{ sent []etf.Tuple }

func (m *mute) send(_ etf.Pid, _ etf.Atom, _, msg etf.Term) {
	t := msg.(etf.Tuple)
	if cast, ok := etf.AsTagged(msg, "$gen_cast", 2); ok {
		t = cast[1].(etf.Tuple)
	}
	switch t[0] {
	case etf.Term(atom("init_connect")):
		m.sent = append(m.sent, etf.Tuple{t[0], t[1].(etf.Tuple)[1]})
	case etf.Term(atom("init_connect_ack")):
		m.sent = append(m.sent, etf.Tuple{t[0], t[2], t[3]})
	case etf.Term(atom("cancel_connect")):
		m.sent = append(m.sent, etf.Tuple{t[0], t[2]})
	}
}
func (m *mute) reply(node.GenRequest, etf.Term)    {}
func (m *mute) monitor(uint64, etf.Atom, etf.Term) {}
func (m *mute) demonitor(uint64)                   {}
func (m *mute) connect(etf.Atom)                   {}
func (m *mute) disconnect(etf.Atom)                {}
func (m *mute) resolve(uint64, etf.Atom, conflict) {}
func (m *mute) table(etf.Atom, moment, int)        {}
func (m *mute) ref() etf.Ref                       { return etf.MakeRef("f@h", 1, 1) }

// handshake is a core and a node of OTP that were just linked.
type handshake struct {
	core *core
	out  *mute
	peer *otpPeer
	now  time.Time
}

const theOther = etf.Atom("o@h")

func newHandshake(stays bool) *handshake {
	h := &handshake{out: &mute{}, peer: &otpPeer{stays: stays, tags: 1000}, now: time.Unix(1e9, 0)}
	pid := func(id uint32) etf.Pid { return etf.Pid{Node: "f@h", ID: id, Creation: 1} }
	h.core = newCore(config{self: "f@h", server: pid(1), locker: pid(2), registrar: pid(3), firstTag: 100,
		rand: rand.New(rand.NewPCG(1, 2)), log: slog.New(slog.DiscardHandler)}, h.out)
	return h
}

// hear gives the core what the other node has said.
func (h *handshake) hear(t etf.Tuple) {
	var msg etf.Term
	switch t[0] {
	case etf.Term(atom("init_connect")):
		locker := etf.Pid{Node: theOther, ID: 7, Creation: 1}
		msg = etf.Tuple{atomCast, etf.Tuple{t[0], etf.Tuple{int64(8), t[1]}, theOther, etf.Tuple{atom("locker"), atom("no_longer_a_pid"), etf.Map{}, locker}}}
	case etf.Term(atom("init_connect_ack")):
		msg = etf.Tuple{t[0], theOther, t[1], t[2]}
	default:
		msg = etf.Tuple{t[0], theOther, t[1]}
	}
	h.core.in(h.now, func() { h.core.message(msg) })
}

// agreed says whether both mean the same session.
func (h *handshake) agreed() error {
	s := h.core.sessions[theOther]
	switch {
	case s == nil || s.hisTag == nil:
		return fmt.Errorf("no session: %+v", s)
	case s.tag != h.peer.his || !isTag(s.hisTag, h.peer.mine) || !h.peer.pending:
		return fmt.Errorf("we have %d with his %s, he has %d with ours %d", s.tag, etf.String(s.hisTag), h.peer.mine, h.peer.his)
	}
	return nil
}

// TestHandshakeAgrees links a core with a node of OTP whose name server says first
// what belongs to links before, since it hears of links late, and lets the messages
// pass each other in any order. Both agree on one session without beginning anew
// over and over.
func TestHandshakeAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHandshake(rapid.Bool().Draw(t, "otp25"))
		for range rapid.IntRange(0, 4).Draw(t, "missed links") {
			h.peer.tags++
			h.peer.say(atom("init_connect"), h.peer.tags)
			if rapid.Bool().Draw(t, "acked") {
				old := rapid.Int64Range(1, 100).Draw(t, "old tag")
				h.peer.say(atom("init_connect_ack"), old, h.peer.tags)
				h.peer.say(atom("cancel_connect"), old)
			}
		}
		h.peer.nodeUp()
		h.core.in(h.now, func() { h.core.up(theOther) })
		h.settle(t, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), rapid.IntRange(0, 2).Draw(t, "given up"))
		if err := h.agreed(); err != nil {
			t.Fatal(err)
		}
		if h.peer.anew > 6 {
			t.Fatalf("he began anew %d times", h.peer.anew)
		}
	})
}

// settle lets messages arrive until there are none; so often we give the session up.
func (h *handshake) settle(t *rapid.T, r *rand.Rand, givenUp int) {
	for steps := 0; len(h.peer.out)+len(h.out.sent) > 0; steps++ {
		if steps > 300 {
			t.Fatalf("messages without end: %v", h.agreed())
		}
		if s := h.core.sessions[theOther]; s != nil && s.acked && givenUp > 0 && r.IntN(4) == 0 {
			givenUp--
			h.core.in(h.now, func() { h.core.giveUp(theOther) })
		}
		if i := r.IntN(len(h.peer.out) + len(h.out.sent)); i < len(h.peer.out) {
			msg := h.peer.out[0]
			h.peer.out = h.peer.out[1:]
			h.hear(msg)
		} else {
			msg := h.out.sent[0]
			h.out.sent = h.out.sent[1:]
			h.peer.take(msg)
		}
	}
}

// TestHandshakeStorm lets the other node refuse each session and begin anew. That
// does not become a flood.
func TestHandshakeStorm(t *testing.T) {
	h := newHandshake(false)
	h.core.in(h.now, func() { h.core.up(theOther) })
	begun := 0
	for range 6000 { // a minute
		for rounds := 0; len(h.out.sent) > 0; rounds++ {
			if rounds > 100 {
				t.Fatal("messages without end")
			}
			msg := h.out.sent[0]
			h.out.sent = h.out.sent[1:]
			if msg[0] == etf.Term(atom("init_connect")) {
				begun++
				h.peer.tags++
				h.hear(etf.Tuple{atom("init_connect"), h.peer.tags})
				h.hear(etf.Tuple{atom("cancel_connect"), msg[1]})
			}
		}
		h.now = h.now.Add(10 * time.Millisecond)
		h.core.in(h.now, nil)
	}
	if begun < 10 || begun > 30 {
		t.Errorf("began %d times in a minute", begun)
	}
}
