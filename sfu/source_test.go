package sfu

import (
	"testing"
	"time"

	prtp "github.com/pion/rtp"
	"pgregory.net/rapid"

	"github.com/fjord-media/fjord/sfu/jsep"
	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/tally"
)

// placed is a packet as a subscriber gets it.
type placed struct {
	rewritten
	ssrc uint32
	key  bool
	at   int64
}

// placer is a subscription that keeps the numbers it gives.
type placer struct {
	down *downTrack
	list []placed
}

func (s *placer) Forward(variant int, batch []*rtp.Packet) {
	for _, p := range batch {
		if s.down.choice.current == none {
			if !p.Frame.KeyFrame {
				continue
			}
			s.down.begun(variant, p)
		}
		if out, ok := s.down.place(p); ok {
			s.list = append(s.list, placed{rewritten: out, ssrc: p.SSRC, key: p.Frame.KeyFrame, at: p.Arrival})
		}
	}
}

func (s *placer) Ended() {}

// stream is what a publisher sends under one SSRC.
type stream struct {
	ssrc      uint32
	number    uint16
	timestamp uint32
}

// publisher sends one track, on m-line "0" with repair, under one SSRC after
// another.
type publisher struct {
	t      testing.TB
	config TrackConfig
	up     *uplink
	track  *upTrack
	sink   *placer
	pool   rtp.Pool
	now    int64
	ticks  uint32 // of the clock per packet
	asked  []uint32

	payloadType uint8
}

const betweenPackets = int64(20_000_000)

func newPublisher(t testing.TB, kind Kind) *publisher {
	t.Helper()
	s := &session{peer: &Peer{}, tally: &tally.Shard{}}
	p := &publisher{t: t, up: newUplink(s), now: 1_000_000_000, config: TrackConfig{TrackInfo: TrackInfo{ID: "t", Kind: kind, Codec: "opus"}, ClockRate: 48000}}
	if kind == Video {
		p.config.Codec, p.config.ClockRate = "VP8", 90000
	}
	p.ticks = uint32(betweenPackets / 1000 * int64(p.config.ClockRate) / 1_000_000)
	s.up = p.up
	up := newUpTrack(s, p.config)
	up.config.KeyFrame = func(int) { p.asked = append(p.asked, up.ssrcs[0].Load()) }
	track := newTrack("p", up.config, func(int) {})
	up.track.Store(track)
	p.sink = &placer{down: testDownTrack(t, track)}
	p.sink.down.rewrite.begin(p.config.ClockRate)
	if !track.Subscribe(p.sink) {
		t.Fatal("not subscribed")
	}
	p.track = up
	p.negotiate(96)
	return p
}

// negotiate gives the track a payload type; the next is that of repair.
func (p *publisher) negotiate(payloadType uint8) {
	p.payloadType = payloadType
	config := p.up.next()
	config.add(p.track, jsep.Line{Mid: "0", Extensions: map[string]uint8{jsep.ExtMid: 1, jsep.ExtAudioLevel: 5}},
		jsep.Codec{Name: p.config.Codec, PayloadType: payloadType, RTX: payloadType + 1})
	p.up.use(config)
}

// send sends the next packet of a stream and reports whether the subscriber
// got it.
func (p *publisher) send(s *stream, key bool) bool {
	s.number++
	s.timestamp += p.ticks
	return p.write(s.ssrc, p.payloadType, s.number, s.timestamp, key, nil)
}

func (p *publisher) write(ssrc uint32, payloadType uint8, number uint16, timestamp uint32, key bool, before []byte) bool {
	p.now += betweenPackets
	payload := append(before, 0x90, 0xf0, 0x80, byte(number), byte(number), byte(number&0x1f), 1, 9)
	if key {
		payload[len(before)+6] = 0
	}
	packet := &prtp.Packet{Header: prtp.Header{Version: 2, SSRC: ssrc, PayloadType: payloadType, SequenceNumber: number, Timestamp: timestamp}, Payload: payload}
	for id, value := range map[uint8][]byte{1: []byte("0"), 5: {20}} {
		if err := packet.SetExtension(id, value); err != nil {
			p.t.Fatal(err)
		}
	}
	b, err := packet.Marshal()
	if err != nil {
		p.t.Fatal(err)
	}
	q := p.pool.Get()
	defer q.Release()
	if err := q.Set(b); err != nil {
		p.t.Fatal(err)
	}
	q.Arrival = p.now
	had := len(p.sink.list)
	p.up.take([]*rtp.Packet{q})
	return len(p.sink.list) > had
}

// follows fails unless the newest packet continues what came before it: the
// next number, and a timestamp as much later as the packet.
func (p *publisher) follows(what string) {
	p.t.Helper()
	last, before := p.sink.list[len(p.sink.list)-1], p.sink.list[len(p.sink.list)-2]
	ticks := (last.at - before.at) / 1000 * int64(p.config.ClockRate) / 1_000_000
	if last.extended != before.extended+1 || int64(int32(last.timestamp-before.timestamp)) != ticks {
		p.t.Fatalf("%s: number +%d, timestamp +%d, want +1 and +%d", what, last.extended-before.extended, int32(last.timestamp-before.timestamp), ticks)
	}
}

// TestNewSSRC: a publisher that goes on under another SSRC is followed at once,
// whatever its numbers are: sound with the next packet, video with the next key
// frame, which is asked for. Stragglers of the old one change nothing.
func TestNewSSRC(t *testing.T) {
	for _, kind := range []Kind{Audio, Video} {
		for name, next := range map[string]stream{
			"lower": {2, 5, 7}, "higher": {2, 60000, 4_000_000_000}, "the same": {2, 30000, 1_000_000}, "about to wrap": {2, 65534, 1<<32 - 5000},
		} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				p := newPublisher(t, kind)
				old := stream{1, 30000, 1_000_000}
				for i := range 100 {
					if !p.send(&old, i == 0) {
						t.Fatal("the first stream does not flow")
					}
				}
				asked := len(p.asked)
				if got := p.send(&next, false); got != (kind == Audio) {
					t.Fatalf("first packet forwarded: %v", got)
				}
				if kind == Video {
					if len(p.asked) != asked+1 || p.asked[asked] != 2 {
						t.Errorf("asked for key frames of %v", p.asked[asked:])
					}
					if p.send(&old, true) {
						t.Error("the old stream takes over again")
					}
					p.sink.down.choose(p.now + int64(keyFrameSpacing))
					if len(p.asked) != asked+2 || p.asked[asked+1] != 2 {
						t.Errorf("not asked again: %v", p.asked[asked:])
					}
					p.send(&next, false)
					if !p.send(&next, true) {
						t.Fatal("the key frame was not forwarded")
					}
				}
				p.follows("the change")
				for range 8_000 { // over a wrap
					if !p.send(&next, false) {
						t.Fatal("the second stream stops")
					}
				}
				p.follows("afterwards")
				if p.send(&old, true) {
					t.Error("a straggler was forwarded")
				}
			})
		}
	}
}

// TestStreamReturns: after a silence of the second stream the first one may go
// on, with any numbers. While both talk, the newer one counts.
func TestStreamReturns(t *testing.T) {
	p := newPublisher(t, Video)
	one, two := stream{1, 100, 0}, stream{2, 40000, 99}
	p.send(&one, true)
	p.send(&two, true)
	for range 300 {
		if p.send(&one, true) || !p.send(&two, false) {
			t.Fatal("the older stream disturbs the newer")
		}
		p.up.tick(p.now)
	}
	p.now += lateness
	one.number -= 50 // it began anew
	if !p.send(&one, true) {
		t.Fatal("the first stream does not return")
	}
	p.follows("the return")
	if p.send(&two, true) || !p.send(&one, false) {
		t.Error("the second stream, which has just fallen silent, disturbs")
	}
}

// TestLongPause: a track that was silent for long, so that its timestamps and
// our clock went far, goes on with its next packet as if nothing had been; so it
// does after a loss of as many packets as can be told from old ones.
func TestLongPause(t *testing.T) {
	for _, kind := range []Kind{Audio, Video} {
		for _, pause := range []time.Duration{time.Minute, time.Hour, 20 * time.Hour} {
			p := newPublisher(t, kind)
			s := stream{1, 65000, 1<<32 - 100_000}
			for i := range 700 { // over a wrap
				if !p.send(&s, i == 0) {
					t.Fatal("no flow")
				}
			}
			for range 3 {
				for until := p.now + int64(pause); p.now < until; p.now += int64(pause) / 20 {
					p.up.tick(p.now)
					p.sink.down.choose(p.now)
				}
				s.timestamp += uint32(int64(pause) / 1000 * int64(p.config.ClockRate) / 1_000_000)
				before := p.sink.list[len(p.sink.list)-1]
				for range 2 {
					if !p.send(&s, false) {
						t.Fatalf("%s: no flow after %v", kind, pause)
					}
				}
				p.follows("behind the pause")
				if n := p.sink.list[len(p.sink.list)-2].extended; n != before.extended+1 {
					t.Fatalf("number +%d after %v", n-before.extended, pause)
				}
			}
			s.number += 32_000
			for range 2 {
				if !p.send(&s, false) {
					t.Fatalf("%s: no flow after a long loss", kind)
				}
			}
			if kind == Video && len(p.asked) == 0 {
				t.Error("no key frame was asked for after a long loss")
			}
		}
	}
}

// TestRepairOfNewStream: a repair stream belongs to the stream it repairs, and
// one without SSRC in the offer finds the new one.
func TestRepairOfNewStream(t *testing.T) {
	p := newPublisher(t, Video)
	one, two := stream{1, 100, 0}, stream{2, 40000, 99}
	p.send(&one, true)
	again := func(ssrc uint32, s *stream, number uint16) bool {
		return p.write(ssrc, 97, number, s.timestamp, false, []byte{byte(number >> 8), byte(number)})
	}
	one.number++ // lost
	p.send(&one, false)
	if !again(11, &one, one.number-1) {
		t.Fatal("not repaired")
	}
	p.send(&two, true)
	if again(11, &one, two.number+1) {
		t.Error("what repairs the old stream came into the new one")
	}
	two.number++ // lost
	p.send(&two, false)
	if !again(12, &two, two.number-1) {
		t.Error("the new stream is not repaired")
	}
}

// TestNewPayloadTypes: those of a later offer count for streams that were known
// before; media is never taken for repair.
func TestNewPayloadTypes(t *testing.T) {
	p := newPublisher(t, Video)
	s := stream{1, 100, 0}
	p.send(&s, true)
	p.negotiate(102)
	if !p.send(&s, false) || p.write(1, 103, 7, s.timestamp, true, nil) || p.write(1, 96, s.number+1, s.timestamp, true, nil) {
		t.Fatal("payload types are mixed up")
	}
	if p.send(&s, false); len(p.sink.list) != 3 {
		t.Errorf("%d packets", len(p.sink.list))
	}
	s.number++ // lost
	p.send(&s, false)
	if !p.write(11, 103, 1, s.timestamp, false, []byte{byte((s.number - 1) >> 8), byte(s.number - 1)}) {
		t.Error("not repaired")
	}
}

// TestManyStreams: a publisher that takes one SSRC after another is heard with
// each for as long as it does not do so all the time, and keeps no memory.
func TestManyStreams(t *testing.T) {
	p := newPublisher(t, Audio)
	for ssrc := range uint32(1000) {
		s := stream{ssrc + 1, uint16(ssrc * 7919), ssrc * 104729}
		if !p.send(&s, true) {
			t.Fatalf("stream %d is not heard", ssrc)
		}
		p.now += 300_000_000
		p.up.tick(p.now)
	}
	for ssrc := range uint32(1000) { // all at once
		p.send(&stream{ssrc + 5000, 1, 1}, true)
	}
	if len(p.up.sources) > maxSources || len(p.up.order) != 1 {
		t.Errorf("%d sources, %d of them heard", len(p.up.sources), len(p.up.order))
	}
}

// TestStreamsAreOne: however a publisher changes its SSRC, loses packets or has
// them overtake each other, the subscriber gets one stream: no number twice, and
// every change is the next number with a later timestamp and a key frame.
func TestStreamsAreOne(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]Kind{Audio, Video}).Draw(rt, "kind")
		p := newPublisher(t, kind)
		draw := func() *stream {
			return &stream{number: rapid.Uint16().Draw(rt, "number"), timestamp: rapid.Uint32().Draw(rt, "timestamp")}
		}
		var all []*stream
		renew := func() {
			s := draw()
			s.ssrc = uint32(len(all)) + 1
			all = append(all, s)
		}
		renew()
		begun := false // the newest stream has brought a key frame
		sent := map[*stream]bool{}
		for range rapid.IntRange(1, 150).Draw(rt, "packets") {
			current := all[len(all)-1]
			switch rapid.IntRange(0, 19).Draw(rt, "fate") {
			case 0:
				if len(all) < 20 {
					renew()
					begun = false
				}
			case 1:
				current.number++ // lost
			case 2:
				if sent[current] && len(all) > 1 && sent[all[len(all)-2]] && p.send(all[len(all)-2], true) {
					rt.Fatal("an old stream is forwarded")
				}
			default:
				key := rapid.IntRange(0, 3).Draw(rt, "key") == 0
				begun, sent[current] = begun || key || kind == Audio, true
				if p.send(current, key) != begun {
					rt.Fatalf("packet %d of stream %d: forwarded is not %v", current.number, current.ssrc, begun)
				}
			}
		}
		checkOneStream(rt, p.sink.list, kind)
	})
}

func checkOneStream(t *rapid.T, list []placed, kind Kind) {
	seen := map[uint64]bool{}
	for i, p := range list {
		if seen[p.extended] {
			t.Fatalf("number %d is given twice", p.extended)
		}
		seen[p.extended] = true
		if i == 0 || p.ssrc == list[i-1].ssrc {
			continue
		}
		step := int32(p.timestamp - list[i-1].timestamp)
		if p.extended != list[i-1].extended+1 || step <= 0 || (kind == Video && !p.key) {
			t.Fatalf("from stream %d to %d: number +%d, timestamp +%d, key frame %v", list[i-1].ssrc, p.ssrc, p.extended-list[i-1].extended, step, p.key)
		}
	}
}
