package sfu

import (
	"encoding/binary"
	"testing"

	prtp "github.com/pion/rtp"

	"github.com/fjord-media/fjord/sfu/jsep"
	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/tally"
	"github.com/fjord-media/fjord/sfu/transport"
)

// writer is a subscription that goes nowhere: packets are rewritten and
// protected, not sent.
type writer struct {
	t    *testing.T
	down *downTrack
	last map[uint64]bool
}

func (w *writer) Forward(variant int, batch []*rtp.Packet) {
	d := w.down
	d.batch.Begin(&transport.Route{})
	from := 0
	if d.choice.current == none {
		for from < len(batch) && !batch[from].Frame.KeyFrame {
			from++
		}
		if from == len(batch) {
			return
		}
		d.begun(variant, batch[from])
	}
	if variant != d.choice.current {
		return
	}
	for _, p := range batch[from:] {
		if out, ok := d.place(p); ok {
			if w.last[out.extended] {
				w.t.Fatalf("number %d is given twice", out.extended)
			}
			w.last[out.extended] = true
		}
		d.add(p)
	}
}

func (w *writer) Ended() {}

// testUplink receives a simulcast track on mid "0", a plain one on "1" and
// sound on "2", all forwarded to writers.
func testUplink(t *testing.T) *uplink {
	t.Helper()
	s := &session{peer: &Peer{}, tally: &tally.Shard{}}
	u := newUplink(s)
	s.up = u
	extensions := map[string]uint8{jsep.ExtMid: 1, jsep.ExtRID: 2, jsep.ExtRepairedRID: 3, jsep.ExtTransport: 4, jsep.ExtAudioLevel: 5}
	config := u.next()
	for i, c := range []TrackConfig{
		{TrackInfo: TrackInfo{ID: "s", Kind: Video, Codec: "VP8"}, ClockRate: 90000, RIDs: []string{"l", "m", "h"}},
		{TrackInfo: TrackInfo{ID: "v", Kind: Video, Codec: "H264"}, ClockRate: 90000},
		{TrackInfo: TrackInfo{ID: "a", Kind: Audio, Codec: "opus"}, ClockRate: 48000},
	} {
		up := newUpTrack(s, c)
		track := newTrack("p", up.config, func(int) {})
		up.track.Store(track)
		d := testDownTrack(t, track)
		d.vp8 = c.Codec == "VP8"
		if !track.Subscribe(&writer{t: t, down: d, last: map[uint64]bool{}}) {
			t.Fatal("not subscribed")
		}
		line := jsep.Line{Mid: string(rune('0' + i)), Extensions: extensions, RIDs: c.RIDs}
		if i == 1 {
			line.SSRC, line.RTX = 11, 12
		}
		config.add(up, line, jsep.Codec{Name: c.Codec, PayloadType: uint8(96 + 2*i), RTX: uint8(97 + 2*i)})
	}
	u.use(config)
	return u
}

// FuzzUplink: whatever a client's authentic packets hold, nothing breaks, and
// no number of an outgoing stream is used twice. The input is cut into packets
// by two-byte lengths.
func FuzzUplink(f *testing.F) {
	for _, list := range seedPackets(f) {
		var b []byte
		for _, p := range list {
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(p))), p...)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		u := testUplink(t)
		var pool rtp.Pool
		var batch []*rtp.Packet
		now := int64(1)
		for len(b) >= 2 {
			size := min(int(binary.BigEndian.Uint16(b)), len(b)-2, rtp.MaxSize)
			p := pool.Get()
			now += 7_000_000
			if p.Arrival = now; p.Set(b[2:2+size]) == nil {
				batch = append(batch, p)
			}
			b = b[2+size:]
			if len(batch) == 5 {
				u.take(batch)
				u.tick(now)
				batch = nil
			}
		}
		u.take(batch)
		u.tick(now)
		for range 3 { // NACKs, reports, silence
			now += 1_000_000_000
			u.tick(now)
		}
		if len(u.sources) > maxSources {
			t.Fatalf("%d sources", len(u.sources))
		}
	})
}

// seedPackets are streams as clients send them: simulcast with repair, plain
// with repair by declared SSRC, sound with a level; late, repeated, wrapping.
func seedPackets(f *testing.F) [][][]byte {
	build := func(ssrc uint32, pt uint8, number uint16, payload []byte, extensions map[uint8]string) []byte {
		p := &prtp.Packet{Header: prtp.Header{Version: 2, SSRC: ssrc, PayloadType: pt, SequenceNumber: number, Timestamp: uint32(number) * 3000}, Payload: payload}
		for id, value := range extensions {
			if err := p.SetExtension(id, []byte(value)); err != nil {
				f.Fatal(err)
			}
		}
		b, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	key, delta := []byte{0x90, 0xf0, 0x81, 2, 3, 0x24, 0, 9}, []byte{0x90, 0xf0, 0x81, 3, 4, 0x25, 1, 9}
	simulcast, plain, sound := [][]byte{}, [][]byte{}, [][]byte{}
	for i := range uint16(6) {
		payload := delta
		if i == 0 {
			payload = key
		}
		n := 65533 + i
		simulcast = append(simulcast,
			build(1, 96, n, payload, map[uint8]string{1: "0", 2: "l", 4: string([]byte{0, byte(i)})}),
			build(2, 96, n, payload, map[uint8]string{1: "0", 2: "h"}),
			build(3, 97, i, append([]byte{0xff, byte(0xf0 + i)}, payload...), map[uint8]string{1: "0", 3: "l"}))
		plain = append(plain, build(11, 98, 100-i, []byte{0x67, 1, 2}, nil), build(12, 99, i, []byte{0, byte(90 + i), 0x61, 1}, nil))
		sound = append(sound, build(21, 100, i*i, []byte{1, 2, 3}, map[uint8]string{1: "2", 5: string([]byte{byte(20 * i)})}))
	}
	changing := [][]byte{} // other SSRCs of the same tracks, to and fro
	for i := range uint16(12) {
		payload := delta
		if i%2 == 0 {
			payload = key
		}
		ssrc := uint32(40 + i%5)
		changing = append(changing,
			build(ssrc, 96, i*7000, payload, map[uint8]string{1: "0", 2: "l"}), build(ssrc+10, 97, i, append([]byte{byte(i), 0}, payload...), map[uint8]string{1: "0", 3: "l"}),
			build(ssrc+20, 98, 65530+i, []byte{0x67, 1, 2}, map[uint8]string{1: "1"}), build(ssrc+30, 100, i, []byte{1}, map[uint8]string{1: "2", 5: "z"}))
	}
	wrong := [][]byte{
		build(31, 96, 1, key, map[uint8]string{1: "9", 2: "zz"}), build(32, 96, 1, key, map[uint8]string{1: "0", 2: ""}),
		build(33, 127, 1, key, map[uint8]string{1: "0", 2: "m"}), build(11, 96, 1, key, nil), build(34, 97, 1, key, map[uint8]string{1: "0", 3: "m"}),
	}
	return [][][]byte{simulcast, plain, sound, changing, wrong, append(append(append(wrong, sound...), simulcast...), plain...)}
}

// TestUplinkAllocatesNothing: sorting, checking and keeping a received packet,
// and rewriting and protecting it for a subscriber.
func TestUplinkAllocatesNothing(t *testing.T) {
	u := testUplink(t)
	for _, l := range u.config.Load().mids { // writers check what they give, with a map
		track := l.track.track.Load()
		down := testDownTrack(t, track)
		for _, s := range *track.subs.Load() {
			track.Unsubscribe(s)
		}
		if !track.Subscribe(&quiet{down: down}) {
			t.Fatal("not subscribed")
		}
	}
	var pool rtp.Pool
	first := vp8Packet(t, &pool, 1, 3000, 9, true, true)
	raw := append([]byte(nil), first.Bytes()...)
	raw[1] = 98
	binary.BigEndian.PutUint32(raw[8:], 11)
	number := uint16(0)
	batch := make([]*rtp.Packet, 1)
	step := func() {
		number++
		binary.BigEndian.PutUint16(raw[2:], number)
		p := pool.Get()
		if err := p.Set(raw); err != nil {
			t.Fatal(err)
		}
		p.Arrival = int64(number) * 1_000_000
		batch[0] = p
		u.take(batch)
		p.Release()
	}
	for range 2 * historySize { // fill history and pool
		step()
	}
	if n := testing.AllocsPerRun(500, step); n > 0.1 { // the garbage collector may empty the pool
		t.Errorf("%v allocations per packet", n)
	}
}

// quiet forwards without checking.
type quiet struct {
	down  *downTrack
	route transport.Route
}

func (q *quiet) Forward(variant int, batch []*rtp.Packet) {
	q.down.batch.Begin(&q.route)
	if q.down.choice.current == none {
		q.down.begun(variant, batch[0])
	}
	for _, p := range batch {
		q.down.add(p)
	}
}

func (q *quiet) Ended() {}
