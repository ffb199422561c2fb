package sfu_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	prtp "github.com/pion/rtp"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
	"github.com/fjord-media/fjord/sfu/codec"
	"github.com/fjord-media/fjord/sfu/rtp"
)

// component is an endpoint without a client, as files, recorders and relays
// will be: it publishes one track and counts what it gets of the others.
type component struct {
	id      string
	notices chan sfu.Notice
	evicted chan error

	mu      sync.Mutex
	packets map[string]int
	ended   int
}

func newComponent(id string) *component {
	return &component{id: id, notices: make(chan sfu.Notice, 100), evicted: make(chan error, 1), packets: map[string]int{}}
}

func (c *component) Info() sfu.EndpointInfo {
	return sfu.EndpointInfo{ID: c.id, Type: sfu.TypeFile, Metadata: "a file"}
}
func (c *component) Notify(n sfu.Notice)  { c.notices <- n }
func (c *component) Evicted(reason error) { c.evicted <- reason }

type sink struct {
	c  *component
	id string
}

func (s sink) Forward(_ int, batch []*rtp.Packet) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.packets[s.id] += len(batch)
}

func (s sink) Ended() {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.ended++
}

func (c *component) count(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.packets[id]
}

func (c *component) next(t *testing.T) sfu.Notice {
	t.Helper()
	select {
	case n := <-c.notices:
		return n
	case <-time.After(sfupeer.Limit):
		t.Fatal("no notice")
		return nil
	}
}

// TestComponent: an endpoint that is no peer publishes to peers and gets what
// they publish; the room knows nothing of its kind.
func TestComponent(t *testing.T) {
	t.Parallel()
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	f := newComponent("file")
	if err := room.AddEndpoint(f); err != nil {
		t.Fatal(err)
	}
	if err := room.AddEndpoint(newComponent("file")); !errors.Is(err, sfu.ErrEndpointExists) {
		t.Errorf("twice: %v", err)
	}
	joined, ok := f.next(t).(sfu.Joined)
	if !ok || len(joined.Others) != 1 {
		t.Fatalf("%+v", joined)
	}
	asked := make(chan int, 100)
	tracks, err := joined.Member.Publish(sfu.TrackConfig{
		TrackInfo: sfu.TrackInfo{ID: "movie", Kind: sfu.Video, Codec: "VP8"}, ClockRate: 90000,
		KeyFrame: func(variant int) {
			select {
			case asked <- variant:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	stop := play(t, tracks[0], asked)
	lab.Flows(a, "movie", 20)
	stop()
	lab.Sound(a, "movie")
	publish(t, a, video("a:v"))
	published, ok := f.next(t).(sfu.TracksPublished)
	if !ok || len(published.Tracks) != 1 {
		t.Fatalf("%+v", published)
	}
	if !published.Tracks[0].Subscribe(sink{f, "a:v"}) {
		t.Fatal("not subscribed")
	}
	until(t, "packets to the component", func() bool { return f.count("a:v") > 20 })
	joined.Member.Fail(errors.New("disk full"))
	if err := <-f.evicted; err == nil {
		t.Error("no reason")
	}
	lab.Until("gone", a, func() bool { return a.Count("endpointRemoved") == 1 })
}

// play sends frames like those of sfupeer.
func play(t *testing.T, track *sfu.Track, asked chan int) (stop func()) {
	t.Helper()
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		var pool rtp.Pool
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := uint32(1); ; n++ {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			key := byte(1)
			select {
			case <-asked:
				key = 0
			default:
			}
			payload := []byte{0x90, 0xf0, 0x80 | byte(n>>8)&0x7f, byte(n), byte(n), 0x20 | byte(n)&0x1f, key, sfupeer.Magic >> 8, sfupeer.Magic & 0xff, 0,
				byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0}
			b, err := (&prtp.Packet{Header: prtp.Header{Version: 2, Marker: true, SequenceNumber: uint16(n), Timestamp: n * 900}, Payload: payload}).Marshal()
			if err != nil {
				return
			}
			p := pool.Get()
			if p.Set(b) == nil {
				p.Extended, p.Arrival, p.Frame = 65536+uint64(n), int64(n)*10_000_000, codec.ParseVP8(p.Payload())
				track.Write(0, []*rtp.Packet{p})
			}
			p.Release()
		}
	}()
	return func() { close(done); <-gone }
}

// TestBitratesOfVariants: what a publisher means to send is known from its offer,
// and anew when it says so; what makes no sense changes nothing.
func TestBitratesOfVariants(t *testing.T) {
	t.Parallel()
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	f := newComponent("file")
	if err := room.AddEndpoint(f); err != nil {
		t.Fatal(err)
	}
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	publish(t, a, &sfupeer.Source{ID: "a:s", Kind: "video", Codec: "VP8", RIDs: []string{"l", "m", "h"}})
	var track *sfu.Track
	for track == nil {
		if n, ok := f.next(t).(sfu.TracksPublished); ok {
			track = n.Tracks[0]
		}
	}
	are := func(what string, l, m, h int) {
		t.Helper()
		v := track.Variants()
		until(t, what, func() bool { return v[0].Bitrate() == l && v[1].Bitrate() == m && v[2].Bitrate() == h })
	}
	are("offered", 150_000, 500_000, 2_500_000)
	for _, bitrates := range []any{"much", -1, map[string]any{"l": -5, "x": 7}, map[string]any{"l": 90_000, "h": 1_200_000.5}} {
		if err := a.Say("trackVariantBitrates", true, map[string]any{"trackId": "a:s", "variantBitrates": bitrates}); err != nil {
			t.Fatal(err)
		}
	}
	are("said", 90_000, 500_000, 1_200_000)
}
