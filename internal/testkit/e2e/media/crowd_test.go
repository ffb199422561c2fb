//go:build e2e

package media

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
)

const (
	crowdRooms = 100
	crowdPeers = 3 // per room
	joining    = 8 // at a time
)

// narrow sends 100 kbit/s.
func narrow(id string) *sfupeer.Source {
	return &sfupeer.Source{ID: id, Kind: "video", Codec: "VP8", Interval: 100 * time.Millisecond, Packets: 1, Size: 1250}
}

// slowAudio is sound in packets of 60 ms, so that the clients leave the node
// some of the machine.
func slowAudio(id string) *sfupeer.Source {
	s := audio(id)
	s.Interval = 60 * time.Millisecond
	return s
}

// TestHundredRooms: a hundred rooms of three peers with sound and video, all of
// whom get what the others of the room send; then all is given back.
func TestHundredRooms(t *testing.T) {
	n := start(t)
	goroutines, descriptors := n.gauge(t, "go_goroutines"), n.descriptors(t)
	rooms := make([]string, crowdRooms)
	for i := range rooms {
		rooms[i] = n.MustPostRoom(t, "").ID
	}
	began := time.Now()
	crowd := gather(t, n, rooms)
	t.Logf("%d peers are connected after %v", len(crowd), time.Since(began).Round(time.Millisecond))
	for _, p := range crowd {
		for other := range crowdPeers {
			for _, kind := range []string{"v", "a"} {
				if other != p.place {
					flowsToMember(t, p, fmt.Sprintf("%d:%s", other, kind))
				}
			}
		}
	}
	t.Logf("all media flows after %v; the node has %v goroutines", time.Since(began).Round(time.Millisecond), n.gauge(t, "go_goroutines"))
	for _, room := range rooms {
		n.mustDelete(t, "/room/"+room)
	}
	each(crowd, func(p *member) { p.Leave() })
	n.settles(t, goroutines, descriptors)
}

// member is a peer of the crowd.
type member struct {
	*peer
	place int
}

// gather fills the rooms, a few peers at a time.
func gather(t *testing.T, n *node, rooms []string) []*member {
	t.Helper()
	crowd := make([]*member, len(rooms)*crowdPeers)
	slots := make(chan struct{}, joining)
	var wait sync.WaitGroup
	for i := range crowd {
		slots <- struct{}{}
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer func() { <-slots }()
			p, err := n.enter(rooms[i/crowdPeers])
			if err != nil {
				t.Errorf("peer %d: %v", i, err)
				return
			}
			t.Cleanup(p.Leave)
			crowd[i] = &member{peer: p, place: i % crowdPeers}
			for _, s := range []*sfupeer.Source{narrow(fmt.Sprintf("%d:v", i%crowdPeers)), slowAudio(fmt.Sprintf("%d:a", i%crowdPeers))} {
				if err := p.Publish(s); err != nil {
					t.Error(err)
				}
			}
			if !waitState(p, webrtc.PeerConnectionStateConnected) {
				t.Errorf("peer %d is %v", i, p.State())
			}
		}()
	}
	wait.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return crowd
}

// enter adds a peer and connects it; it may be called from any goroutine.
func (n *node) enter(room string) (*peer, error) {
	a, err := n.addPeer(room)
	if err != nil {
		return nil, err
	}
	return n.connect(a, sfupeer.Options{Setting: func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	}})
}

func waitState(p *peer, want webrtc.PeerConnectionState) bool {
	for end := time.Now().Add(testkit.Slack * limit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if p.State() == want {
			return true
		}
	}
	return false
}

// flowsToMember is flows without a line of log for each of many tracks.
func flowsToMember(t *testing.T, p *member, track string) {
	t.Helper()
	for end := time.Now().Add(testkit.Slack * limit); p.Received(track).Packets < 10; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			r := p.Received(track)
			t.Fatalf("room %s: %d gets %d packets of %s; it is %v, %d answers, tracks %v", p.room, p.place, r.Packets, track, p.State(), p.Count("sdpAnswer"), p.Tracks())
		}
	}
	for _, f := range p.Received(track).Faults {
		if strings.Contains(f, "damaged") {
			t.Errorf("room %s: %s to %d: %s", p.room, track, p.place, f)
		}
	}
}

// each does something with all of a list, a few at a time.
func each[T any](list []T, do func(T)) {
	slots := make(chan struct{}, joining)
	var wait sync.WaitGroup
	for _, x := range list {
		slots <- struct{}{}
		wait.Add(1)
		go func() {
			defer wait.Done()
			do(x)
			<-slots
		}()
	}
	wait.Wait()
}
