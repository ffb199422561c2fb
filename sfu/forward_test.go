package sfu

import (
	"encoding/binary"
	"testing"

	prtp "github.com/pion/rtp"

	"github.com/fjord-media/fjord/sfu/codec"
	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/srtp"
	"github.com/fjord-media/fjord/sfu/tally"
	"github.com/fjord-media/fjord/sfu/transport"
)

// keys are SRTP keys for tests.
func testKeys(t testing.TB) srtp.Keys {
	t.Helper()
	k, _, err := srtp.AEADAES128.Split(make([]byte, srtp.AEADAES128.MaterialSize()))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// testDownTrack is a subscription without a client: packets are protected into
// its batch and go nowhere.
func testDownTrack(t testing.TB, track *Track) *downTrack {
	t.Helper()
	sealer, err := srtp.NewSealer(testKeys(t))
	if err != nil {
		t.Fatal(err)
	}
	s := &session{peer: &Peer{}, tally: &tally.Shard{}}
	d := &downTrack{
		session: s, down: newDownlink(s), track: track, codec: outCodec{name: "VP8", payloadType: 100, rtx: 101, clockRate: 90000, transportID: 4},
		ssrc: 7, vp8: true, stream: sealer.Stream(), choice: newChoice(track),
	}
	d.rewrite.begin(90000)
	return d
}

func vp8Packet(t testing.TB, pool *rtp.Pool, sequence uint16, timestamp uint32, picture uint16, key, start bool) *rtp.Packet {
	t.Helper()
	first, frame := byte(0x80), byte(1)
	if start {
		first |= 0x10
	}
	if key {
		frame = 0
	}
	payload := []byte{first, 0xf0, 0x80 | byte(picture>>8), byte(picture), byte(picture), 0x20 | byte(picture&0x1f), frame}
	b, err := (&prtp.Packet{
		Header:  prtp.Header{Version: 2, SequenceNumber: sequence, Timestamp: timestamp, SSRC: 5, PayloadType: 96},
		Payload: append(payload, make([]byte, 1000)...),
	}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	p := pool.Get()
	if err := p.Set(b); err != nil {
		t.Fatal(err)
	}
	p.Frame = codec.ParseVP8(p.Payload())
	p.Arrival = int64(timestamp) * 11111
	return p
}

// TestForwardAllocatesNothing: parsing, rewriting and protecting a packet for
// a subscriber.
func TestForwardAllocatesNothing(t *testing.T) {
	track := newTrack("a", TrackConfig{TrackInfo: TrackInfo{ID: "t", Kind: Video, Codec: "VP8"}, ClockRate: 90000}, func(int) {})
	d := testDownTrack(t, track)
	var pool rtp.Pool
	p := vp8Packet(t, &pool, 1, 3000, 9, true, true)
	p.Extended = 70000
	d.begun(0, p)
	d.choice.current = 0
	batch := []*rtp.Packet{p}
	route := &transport.Route{}
	n := testing.AllocsPerRun(500, func() {
		p.Extended++
		p.Sequence++
		binary.BigEndian.PutUint16(p.Bytes()[2:], p.Sequence)
		if err := p.Parse(); err != nil {
			t.Fatal(err)
		}
		p.Frame = codec.ParseVP8(p.Payload())
		d.batch.Begin(route)
		for _, p := range batch {
			d.add(p)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

// TestHistoryAllocatesNothing: keeping and finding packets.
func TestHistoryAllocatesNothing(t *testing.T) {
	h := rtp.NewHistory(64)
	var pool rtp.Pool
	sequence := uint16(0)
	for range 200 { // fill the pool
		sequence++
		p := vp8Packet(t, &pool, sequence, 0, 1, false, true)
		p.Extended = 65536 + uint64(sequence)
		h.Add(p)
		p.Release()
	}
	raw := make([]byte, 100)
	raw[0] = 0x80
	extended := uint64(65536 + 1000)
	n := testing.AllocsPerRun(500, func() {
		p := pool.Get()
		if err := p.Set(raw); err != nil {
			t.Fatal(err)
		}
		extended++
		p.Extended = extended
		h.Add(p)
		p.Release()
		if q := h.Get(extended); q != nil {
			q.Release()
		}
	})
	if n > 0.1 { // the garbage collector may empty the pool
		t.Errorf("%v allocations per packet", n)
	}
}

func BenchmarkForward(b *testing.B) {
	track := newTrack("a", TrackConfig{TrackInfo: TrackInfo{ID: "t", Kind: Video, Codec: "VP8"}, ClockRate: 90000}, func(int) {})
	d := testDownTrack(b, track)
	var pool rtp.Pool
	p := vp8Packet(b, &pool, 1, 3000, 9, true, true)
	p.Extended = 70000
	d.begun(0, p)
	d.choice.current = 0
	route := &transport.Route{}
	b.ReportAllocs()
	for b.Loop() {
		p.Extended++
		d.batch.Begin(route)
		d.add(p)
	}
}
