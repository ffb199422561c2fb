package sfu_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
)

// TestIPv6: peers on ::1. Pion gathers no such address by itself, and speaks no
// TURN over IPv6 at all: see TestWire in package transport. On a machine
// without IPv6 there is nothing to see.
func TestIPv6(t *testing.T) {
	probe, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Logf("no IPv6 here: %v", err)
		return
	}
	_ = probe.Close()
	t.Parallel()
	lab := sfupeer.NewLab(t, func(e *sfu.EngineOptions) { e.ListenIP, e.AdvertiseIP = netip.IPv6Loopback(), netip.IPv6Loopback() })
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", onIPv6(t))
	b, _ := lab.Join(room, "b", onIPv6(t))
	publish(t, a, video("a:v"), audio("a:a"))
	lab.Flows(b, "a:v", 20)
	lab.Flows(b, "a:a", 20)
	lab.Sound(b, "a:v")
}

// onIPv6 gives a client a socket on ::1.
func onIPv6(t *testing.T) sfupeer.Options {
	t.Helper()
	socket, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		t.Fatal(err)
	}
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: socket})
	t.Cleanup(func() { _ = mux.Close() })
	return sfupeer.Options{Setting: func(s *webrtc.SettingEngine) { s.SetICEUDPMux(mux) }}
}

// streams counts RTP at the socket by SSRC.
type streams struct {
	mu    sync.Mutex
	seen  map[uint32]map[uint16]int // SSRC → number → how often
	first map[uint32]uint16
	last  map[uint32]uint16
}

func newStreams() *streams {
	return &streams{seen: map[uint32]map[uint16]int{}, first: map[uint32]uint16{}, last: map[uint32]uint16{}}
}

func (s *streams) see(down bool, b []byte) {
	if !down || len(b) < 12 || b[0]>>6 != 2 || (b[1] >= 192 && b[1] <= 223) {
		return
	}
	number, ssrc := binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[8:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[ssrc] == nil {
		s.seen[ssrc], s.first[ssrc] = map[uint16]int{}, number
	}
	s.seen[ssrc][number]++
	s.last[ssrc] = number
}

// TestOneWriter: nobody but our sender writes RTP on our SSRCs. Two writers
// under one key would use numbers twice, which gives the key away: with heavy
// loss, so that everything that repeats packets is at work, no number of any
// SSRC is seen twice at the socket.
func TestOneWriter(t *testing.T) {
	t.Parallel()
	lab := sfupeer.NewLab(t, behindPath)
	path := sfupeer.NewPath(t, lab)
	counted := newStreams()
	path.Watch(counted.see)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	publish(t, a, video("a:v"), audio("a:a"))
	lab.Flows(b, "a:v", 10)
	lab.Flows(b, "a:a", 5)
	path.Impair(sfupeer.Impairment{}, sfupeer.Impairment{Loss: 0.1})
	lab.Flows(b, "a:v", 200)
	path.Impair(sfupeer.Impairment{}, sfupeer.Impairment{})
	lab.Flows(b, "a:v", 20)
	counted.mu.Lock()
	defer counted.mu.Unlock()
	for ssrc, numbers := range counted.seen {
		for n, times := range numbers {
			if times != 1 {
				t.Errorf("SSRC %d: number %d was sent %d times", ssrc, n, times)
			}
		}
		t.Logf("SSRC %d: %d packets", ssrc, len(numbers))
	}
	if len(counted.seen) != 3 { // video, its retransmissions, audio
		t.Errorf("%d SSRCs, want 3", len(counted.seen))
	}
}

// TestLateJoiner: while another peer joins and publishes, and all others
// negotiate anew, not one packet for them is left out or waits.
func TestLateJoiner(t *testing.T) {
	t.Parallel()
	lab := sfupeer.NewLab(t, behindPath)
	path := sfupeer.NewPath(t, lab)
	room := lab.Room(sfu.RoomOptions{})
	f := newComponent("file")
	if err := room.AddEndpoint(f); err != nil {
		t.Fatal(err)
	}
	joined, ok := f.next(t).(sfu.Joined)
	if !ok {
		t.Fatal("not joined")
	}
	asked := make(chan int, 1000)
	tracks, err := joined.Member.Publish(sfu.TrackConfig{
		TrackInfo: sfu.TrackInfo{ID: "movie", Kind: sfu.Video, Codec: "VP8"}, ClockRate: 90000, KeyFrame: func(v int) {
			select {
			case asked <- v:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	stop := play(t, tracks[0], asked)
	defer stop()
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	lab.Flows(b, "movie", 20)
	counted := newStreams()
	path.Watch(counted.see)
	ssrc := b.Received("movie").SSRC
	c, _ := lab.Join(room, "c", sfupeer.Options{})
	publish(t, c, video("c:v"))
	lab.Flows(b, "c:v", 20)
	path.Watch(nil)
	counted.mu.Lock()
	defer counted.mu.Unlock()
	span := int(counted.last[ssrc]-counted.first[ssrc]) + 1
	if got := len(counted.seen[ssrc]); got != span || span < 20 {
		t.Errorf("%d of %d packets were sent on", got, span)
	}
	t.Logf("%d packets while the other joined", span)
}

// TestFirstFrame: a peer that is connected has the first frame of what it
// subscribes to soon. A busy machine has several tries.
func TestFirstFrame(t *testing.T) {
	t.Parallel()
	const soon, tries = 300 * time.Millisecond, 5
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	publish(t, a, video("a:v"))
	until(t, "published", func() bool { return a.Count("sdpAnswer") == 1 })
	for i := range tries {
		c, p := lab.Join(room, "late"+string(rune('0'+i)), sfupeer.Options{})
		lab.Until("connected", c, func() bool { return c.State().String() == "connected" })
		connected := time.Now()
		lab.Until("first frame", c, func() bool { return c.Received("a:v").Packets > 0 })
		took := c.Received("a:v").First.Sub(connected)
		lab.Sound(c, "a:v")
		p.Close()
		if took < 3*soon {
			return
		}
	}
	t.Errorf("not once within %v in %d tries", 3*soon, tries)
}

// TestPublishSoon: a client that publishes has its answer soon, at the median. A
// busy machine has several tries.
func TestPublishSoon(t *testing.T) {
	t.Parallel()
	const soon, tries, each = 150 * time.Millisecond, 4, 5
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	var median time.Duration
	for i := range tries {
		var took []time.Duration
		for n := range each {
			id := fmt.Sprintf("p%d.%d", i, n)
			c, p := lab.Join(room, id, sfupeer.Options{})
			begun := time.Now()
			publish(t, c, audio(id+":a"))
			lab.Until("answered", c, func() bool { return c.Count("sdpAnswer") > 0 })
			took = append(took, time.Since(begun))
			p.Close()
		}
		slices.Sort(took)
		if median = took[each/2]; median < 3*soon {
			t.Logf("median %v", median)
			return
		}
	}
	t.Errorf("median %v in the last of %d tries", median, tries)
}

// TestBehindPortMapping: the node listens on another address than clients are
// told, and sees other addresses than they have, as behind Docker's ports.
func TestBehindPortMapping(t *testing.T) {
	for name, o := range map[string]sfupeer.Options{"direct": {}, "TURN": {Relay: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := sfupeer.NewLab(t, behindPath)
			sfupeer.NewPath(t, lab)
			room := lab.Room(sfu.RoomOptions{})
			a, _ := lab.Join(room, "a", o)
			b, _ := lab.Join(room, "b", o)
			publish(t, a, video("a:v"), audio("a:a"))
			lab.Flows(b, "a:v", 20)
			lab.Flows(b, "a:a", 10)
			lab.Sound(b, "a:v")
		})
	}
}

// TestSubscribersAskForKeyFrames: their requests reach the publisher, those of
// many at once as few.
func TestSubscribersAskForKeyFrames(t *testing.T) {
	t.Parallel()
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	s := video("a:v")
	publish(t, a, s)
	var all []*sfupeer.Client
	for i := range 3 {
		c, _ := lab.Join(room, fmt.Sprintf("s%d", i), sfupeer.Options{})
		lab.Flows(c, "a:v", 5)
		all = append(all, c)
	}
	had, begun := s.KeyFrames(), time.Now()
	for s.KeyFrames() < had+3 {
		for _, c := range all {
			if err := c.RequestKeyFrame("a:v"); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(20 * time.Millisecond)
		if time.Since(begun) > sfupeer.Limit {
			t.Fatalf("%d key frames", s.KeyFrames()-had)
		}
	}
	// One was under way at the start.
	if most := int(time.Since(begun)/(500*time.Millisecond)) + 2; s.KeyFrames()-had > most {
		t.Errorf("%d key frames in %v", s.KeyFrames()-had, time.Since(begun))
	}
}
