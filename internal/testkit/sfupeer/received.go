package sfupeer

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	fjordrtp "github.com/fjord-media/fjord/sfu/rtp"
)

// Received is what came of one track. Copies are handed out.
type Received struct {
	TrackID  string
	Codec    string
	Packets  int
	First    time.Time
	Last     time.Time
	Gaps     int           // jumps of the sequence number
	Back     int           // packets that came late
	Longest  time.Duration // time without packets
	Layer    int           // of the newest packet
	Switches int           // changes of the layer
	Faults   []string      // what a decoder would stumble over
	SSRC     uint32
	Ended    error // why nothing more will be read

	begun    bool
	unwrap   fjordrtp.Unwrapper
	seen     map[uint64]struct{} // extended sequence numbers
	sequence uint16
	stamp    uint32
	picture  uint16
	frame    uint32
}

func (c *Client) onTrack(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	mid := ""
	c.mu.Lock()
	for _, tr := range c.pc.GetTransceivers() {
		if tr.Receiver() == r {
			mid = tr.Mid()
		}
	}
	id := c.mids[mid]
	got := &Received{TrackID: id, Codec: strings.TrimPrefix(strings.TrimPrefix(t.Codec().MimeType, "video/"), "audio/"), SSRC: uint32(t.SSRC()), seen: map[uint64]struct{}{}}
	c.received[id] = got
	c.mu.Unlock()
	for {
		p, _, err := t.ReadRTP()
		c.mu.Lock()
		if err != nil {
			got.Ended = err
			c.mu.Unlock()
			return
		}
		got.take(p, time.Now())
		c.touch()
		c.mu.Unlock()
	}
}

// take checks a packet against the one before.
func (r *Received) take(p *rtp.Packet, now time.Time) {
	payload := p.Payload
	if len(payload) == 0 {
		return // padding
	}
	vp8 := strings.EqualFold(r.Codec, "VP8")
	var picture uint16
	if vp8 && len(payload) > 6 {
		picture = binary.BigEndian.Uint16(payload[2:]) & 0x7fff
	}
	size, key := head(r.Codec, payload)
	payload = payload[min(size, len(payload)):]
	if len(payload) < 8 || binary.BigEndian.Uint16(payload) != Magic {
		r.fault("packet %d is damaged", p.SequenceNumber)
		return
	}
	extended, _ := r.unwrap.Unwrap(p.SequenceNumber)
	r.seen[extended] = struct{}{}
	layer, frame := int(payload[2]), binary.BigEndian.Uint32(payload[3:])
	r.Packets++
	if !r.begun {
		r.begun, r.First, r.Layer = true, now, layer
		if !key {
			r.fault("begins without a key frame")
		}
	} else {
		diff := int16(p.SequenceNumber - r.sequence)
		if diff <= 0 {
			r.Back++
			return
		}
		if diff > 1 {
			r.Gaps++
		}
		r.Longest = max(r.Longest, now.Sub(r.Last))
		r.compare(p, layer, frame, picture, key, vp8, diff == 1)
	}
	r.sequence, r.stamp, r.picture, r.frame, r.Layer, r.Last = p.SequenceNumber, p.Timestamp, picture, frame, layer, now
}

// head is the size of what a codec puts before the picture's data, and whether
// it begins a key frame: the counterpart of Source.head.
func head(codec string, b []byte) (size int, key bool) {
	if len(b) < 7 {
		return 0, false
	}
	switch strings.ToUpper(codec) {
	case "VP8":
		return 7, b[6] == 0 && b[0]&0x10 != 0
	case "VP9":
		return 1, b[0] == 0x08
	case "AV1":
		return 1, b[0] == 0x08
	case "H264":
		return 1, b[0]&0x1f == 7
	case "H265":
		return 2, b[0]>>1 == 32
	}
	return 0, true
}

func (r *Received) compare(p *rtp.Packet, layer int, frame uint32, picture uint16, key, vp8, next bool) {
	if step := int32(p.Timestamp - r.stamp); step < 0 || step > 10*90000 {
		r.fault("timestamp jumps by %d", step)
	}
	if layer != r.Layer {
		r.Switches++
		if !key && next {
			r.fault("layer %d begins without a key frame", layer)
		}
	}
	if !vp8 || !next {
		return
	}
	switch step := (picture - r.picture) & 0x7fff; {
	case layer == r.Layer && frame == r.frame && step != 0:
		r.fault("picture id changes within frame %d", frame)
	case (layer != r.Layer || frame == r.frame+1) && step != 1:
		r.fault("picture id jumps by %d", step)
	}
}

func (r *Received) fault(format string, args ...any) {
	if len(r.Faults) < 20 {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

// Received is a copy of what came of a track.
func (c *Client) Received(id string) Received {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.received[id]; r != nil {
		return *r
	}
	return Received{TrackID: id}
}

// Missing is how many packets of a track never came, of how many between the
// first and the last.
func (c *Client) Missing(id string) (missing, span int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.received[id]
	if r == nil || len(r.seen) == 0 {
		return 0, 0
	}
	least := r.unwrap.Highest()
	for n := range r.seen {
		least = min(least, n)
	}
	span = int(r.unwrap.Highest()-least) + 1
	return span - len(r.seen), span
}

// RequestKeyFrame sends a PLI for a track.
func (c *Client) RequestKeyFrame(id string) error {
	c.mu.Lock()
	r, pc := c.received[id], c.pc
	c.mu.Unlock()
	if r == nil {
		return fmt.Errorf("track %s: nothing received", id)
	}
	return pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: r.SSRC}})
}

// Await waits until a condition holds, which is asked after each change with
// the client locked by nobody. Errors: that of the context.
func (c *Client) Await(ctx context.Context, ok func() bool) error {
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		if ok() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// Events are all media events of the server so far.
func (c *Client) Events() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Event(nil), c.events...)
}

// Count is how many events of a type came.
func (c *Client) Count(kind string) int {
	n := 0
	for _, e := range c.Events() {
		if e.Type == kind {
			n++
		}
	}
	return n
}

// ID is the endpoint id of the connected event.
func (c *Client) ID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id
}

// Tracks are the remote tracks that are known, by id, with their endpoints.
func (c *Client) Tracks() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := map[string]string{}
	for k, v := range c.tracks {
		m[k] = v
	}
	return m
}

// State is the connection's state.
func (c *Client) State() webrtc.PeerConnectionState {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pc == nil {
		return webrtc.PeerConnectionStateNew
	}
	return c.pc.ConnectionState()
}
