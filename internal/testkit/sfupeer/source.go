package sfupeer

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/fjord-media/fjord/internal/run"
)

// Source is a track that a client publishes: frames that mean nothing, but
// whose packets say what they are.
type Source struct {
	ID       string
	Metadata any
	Kind     string        // "audio" or "video"
	Codec    string        // "opus", "VP8", "H264", "VP9", "AV1" or "H265"
	RIDs     []string      // simulcast; nil: none
	Interval time.Duration // between frames; 0: 33 ms, audio 20 ms
	Packets  int           // per frame; 0: 2
	Size     int           // bytes of a packet's payload; 0: 300
	// Sizes and PacketCounts are Size and Packets by encoding; nil: all the same.
	Sizes, PacketCounts []int
	Level               uint8 // audio level in -dBov

	transceiver *webrtc.RTPTransceiver
	sender      *webrtc.RTPSender
	removed     bool
	layers      []*layer
	stopOnce    sync.Once
	doneOnce    sync.Once
	done        chan struct{} // of quit
	disabled    [3]atomic.Bool
	keyFrames   atomic.Int64
	refused     atomic.Int64
}

// layer is one encoding.
type layer struct {
	index int
	rid   string
	track *outlet
	key   atomic.Bool // a key frame is wanted
	renew atomic.Bool // another SSRC is
}

// Magic begins every payload behind the codec's descriptor: then come the
// layer, the frame's number and the packet's place in it.
const Magic = 0xF10D

// Disable stops or resumes an encoding by its index.
func (s *Source) Disable(index int, off bool) { s.disabled[index].Store(off) }

// Renew has an encoding go on under another SSRC, with other sequence numbers
// and timestamps, without a word to the server. Pion repeats nothing of what is
// lost then.
func (s *Source) Renew(index int) { s.layers[index].renew.Store(true) }

// KeyFrames is how many key frames were made because the server asked.
func (s *Source) KeyFrames() int { return int(s.keyFrames.Load()) }

// Refused is how many packets found no path: Pion has none while ICE begins
// anew.
func (s *Source) Refused() int { return int(s.refused.Load()) }

func (s *Source) bitrates() any {
	if len(s.RIDs) == 0 {
		return 500_000
	}
	all := map[string]int{"l": 150_000, "m": 500_000, "h": 2_500_000}
	return all
}

func (s *Source) capability() webrtc.RTPCodecCapability {
	switch strings.ToUpper(s.Codec) {
	case "OPUS":
		return webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	case "H264":
		return webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeH264, ClockRate: 90000, SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		}
	}
	return webrtc.RTPCodecCapability{MimeType: "video/" + s.Codec, ClockRate: 90000}
}

// attach adds the source to a connection and begins to send.
func (s *Source) attach(pc *webrtc.PeerConnection, tasks *run.Group) error {
	rids := s.RIDs
	if len(rids) == 0 {
		rids = []string{""}
	}
	for i, rid := range rids {
		var options []func(*webrtc.TrackLocalStaticRTP)
		if rid != "" {
			options = append(options, webrtc.WithRTPStreamID(rid))
		}
		t, err := webrtc.NewTrackLocalStaticRTP(s.capability(), s.ID, "stream-"+s.ID, options...)
		if err != nil {
			return err
		}
		l := &layer{index: i, rid: rid, track: &outlet{TrackLocalStaticRTP: t}}
		l.key.Store(true)
		s.layers = append(s.layers, l)
		if i > 0 {
			if err := s.sender.AddEncoding(l.track); err != nil {
				return err
			}
			continue
		}
		tr, err := pc.AddTransceiverFromTrack(l.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return err
		}
		s.transceiver, s.sender = tr, tr.Sender()
	}
	for _, l := range s.layers {
		tasks.Go("send "+s.ID, func(ctx context.Context) error { return s.send(ctx, l) })
		tasks.Go("listen "+s.ID, func(context.Context) error { return s.listen(l) })
	}
	return nil
}

func (s *Source) stop() {
	s.stopOnce.Do(func() { close(s.quit()) })
}

// quit is closed when the source is to stop.
func (s *Source) quit() chan struct{} {
	s.doneOnce.Do(func() { s.done = make(chan struct{}) })
	return s.done
}

// listen waits for requests for key frames. It ends with the connection.
func (s *Source) listen(l *layer) error {
	b := make([]byte, 1500)
	for {
		var n int
		var err error
		if l.rid == "" {
			n, _, err = s.sender.Read(b)
		} else {
			n, _, err = s.sender.ReadSimulcast(b, l.rid)
		}
		if err != nil {
			return nil
		}
		list, err := rtcp.Unmarshal(b[:n])
		if err != nil {
			continue
		}
		for _, p := range list {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				s.keyFrames.Add(1)
				l.key.Store(true)
			}
		}
	}
}

func (s *Source) send(ctx context.Context, l *layer) error {
	interval, packets, clock := s.Interval, s.Packets, 90000
	if s.Kind == "audio" {
		clock, packets = 48000, 1
	}
	if interval == 0 {
		interval = map[string]time.Duration{"audio": 20 * time.Millisecond, "video": 33 * time.Millisecond}[s.Kind]
	}
	if packets == 0 {
		packets = 2
	}
	if l.index < len(s.PacketCounts) {
		packets = s.PacketCounts[l.index]
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	sequence, offset, start := uint16(100*l.index), uint32(0), time.Now()
	for frame := uint32(1); ; frame++ {
		select {
		case <-ctx.Done():
			return nil
		case <-s.quit():
			return nil
		case <-tick.C:
		}
		if s.disabled[l.index].Load() {
			continue
		}
		if l.renew.Swap(false) {
			sequence, offset = uint16(rand.Uint32()), rand.Uint32()
			l.track.change()
			l.key.Store(true)
		}
		key := s.Kind == "video" && l.key.Swap(false)
		timestamp := uint32(time.Since(start).Seconds()*float64(clock)) + uint32(l.index)*1_000_000 + offset
		for i := range packets {
			sequence++
			p := &rtp.Packet{
				Header:  rtp.Header{Version: 2, SequenceNumber: sequence, Timestamp: timestamp, Marker: i == packets-1},
				Payload: s.payload(l, frame, i, key),
			}
			s.extend(p, l)
			if l.track.write(p) != nil {
				s.refused.Add(1) // no path at the moment: ICE begins anew; or for ever, then Close follows
			}
		}
	}
}

// extend sets the header extensions that tell what a packet is.
func (s *Source) extend(p *rtp.Packet, l *layer) {
	for _, e := range s.sender.GetParameters().HeaderExtensions {
		var value []byte
		switch {
		case e.URI == "urn:ietf:params:rtp-hdrext:ssrc-audio-level" && s.Kind == "audio":
			value = []byte{s.Level & 0x7f}
		case e.URI == "urn:ietf:params:rtp-hdrext:sdes:mid" && (l.rid != "" || l.track.changed()):
			value = []byte(s.transceiver.Mid())
		case e.URI == "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id" && l.rid != "":
			value = []byte(l.rid)
		default:
			continue
		}
		_ = p.SetExtension(uint8(e.ID), value)
	}
}

// payload makes one packet of a frame.
func (s *Source) payload(l *layer, frame uint32, place int, key bool) []byte {
	b := s.head(frame, place == 0, key)
	b = binary.BigEndian.AppendUint16(b, Magic)
	b = append(b, byte(l.index))
	b = binary.BigEndian.AppendUint32(b, frame)
	b = append(b, byte(place))
	size := s.Size
	if l.index < len(s.Sizes) {
		size = s.Sizes[l.index]
	}
	if size == 0 {
		size = 300
	}
	for len(b) < size {
		b = append(b, byte(len(b)))
	}
	return b
}

// head is what the codec puts before the picture's data.
func (s *Source) head(frame uint32, start, key bool) []byte {
	pick := func(when bool, yes, no byte) byte {
		if when {
			return yes
		}
		return no
	}
	switch strings.ToUpper(s.Codec) {
	case "VP8":
		return append(descriptorVP8(uint16(frame), uint8(frame), start), pick(key, 0, 1))
	case "VP9": // B, and P unless it is a key frame
		return []byte{pick(start, 0x08, 0) | pick(key, 0, 0x40)}
	case "AV1": // N in front of a key frame; Z on what continues a frame
		return []byte{pick(start, 0, 0x80) | pick(key && start, 0x08, 0)}
	case "H264":
		return []byte{pick(key && start, 0x67, 0x61)}
	case "H265": // a VPS, or a trailing picture
		return []byte{pick(key && start, 32<<1, 1<<1), 1}
	}
	return nil
}

// descriptorVP8 has a 15-bit picture id, TL0PICIDX and KEYIDX.
func descriptorVP8(picture uint16, tl0 uint8, start bool) []byte {
	first := byte(0x80)
	if start {
		first |= 0x10
	}
	return []byte{first, 0xf0, 0x80 | byte(picture>>8)&0x7f, byte(picture), tl0, 0x20 | tl0&0x1f}
}

// String names the source.
func (s *Source) String() string { return fmt.Sprintf("%s %s (%s)", s.Kind, s.ID, s.Codec) }
