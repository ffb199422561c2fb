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
	joining    = 4 // rooms at a time
	crowdLimit = 90 * time.Second
)

// narrow sends 100 kbit/s.
func narrow(id string) *sfupeer.Source {
	return &sfupeer.Source{ID: id, Kind: "video", Codec: "VP8", Interval: 100 * time.Millisecond, Packets: 1, Size: 1250}
}

// crowdAudio is sound in long packets, so that the clients leave the node some
// of the machine; in a soak, in packets as browsers send them.
func crowdAudio(id string) *sfupeer.Source {
	s := audio(id)
	if !testkit.Soak() {
		s.Interval = 120 * time.Millisecond
	}
	return s
}

// member is a peer of the crowd with what it publishes.
type member struct {
	*peer
	sources []*sfupeer.Source
}

func (m *member) pause(off bool) {
	for _, s := range m.sources {
		s.Disable(0, off)
	}
}

// refused counts what found no path to the node.
func (m *member) refused() (n int) {
	for _, s := range m.sources {
		n += s.Refused()
	}
	return n
}

// crowdRoom is a room of three.
type crowdRoom struct {
	id      string
	members [crowdPeers]*member
}

// TestHundredRooms: a hundred rooms of three peers with sound and video, all of
// whom get what the others of the room send, at the same time; then all is
// given back. While rooms fill, those that are full are quiet: three hundred
// clients take more of the machine than the node does.
func TestHundredRooms(t *testing.T) {
	n := start(t)
	goroutines, descriptors := n.gauge(t, "go_goroutines"), n.descriptors(t)
	rooms := make([]*crowdRoom, crowdRooms)
	for i := range rooms {
		rooms[i] = &crowdRoom{id: n.MustPostRoom(t, "").ID}
	}
	began := time.Now()
	each(joining, rooms, func(r *crowdRoom) {
		if err := r.fill(t, n); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	t.Logf("%d rooms are full after %v", len(rooms), time.Since(began).Round(time.Millisecond))
	for _, r := range rooms {
		for _, m := range r.members {
			m.pause(false)
		}
	}
	each(crowdRooms, rooms, func(r *crowdRoom) {
		if err := r.flows(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("all media flows after %v; the node has %v goroutines", time.Since(began).Round(time.Millisecond), n.gauge(t, "go_goroutines"))
	for _, r := range rooms {
		n.mustDelete(t, "/room/"+r.id)
	}
	each(joining, rooms, func(r *crowdRoom) {
		for _, m := range r.members {
			m.Leave()
		}
	})
	n.settles(t, goroutines, descriptors)
}

// fill lets three peers join, waits for their media and has them fall silent.
func (r *crowdRoom) fill(t *testing.T, n *node) error {
	for i := range r.members {
		a, err := n.addPeer(r.id)
		if err != nil {
			return err
		}
		p, err := n.connect(a, sfupeer.Options{Setting: func(s *webrtc.SettingEngine) {
			s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
		}})
		if err != nil {
			return err
		}
		t.Cleanup(p.Leave)
		m := &member{peer: p, sources: []*sfupeer.Source{narrow(fmt.Sprintf("%d:v", i)), crowdAudio(fmt.Sprintf("%d:a", i))}}
		r.members[i] = m
		for _, s := range m.sources {
			if err := p.Publish(s); err != nil {
				return err
			}
		}
	}
	if err := r.flows(); err != nil {
		return err
	}
	for _, m := range r.members {
		m.pause(!testkit.Soak())
	}
	return nil
}

// flows waits until each of the room has more of the others' tracks.
func (r *crowdRoom) flows() error {
	const more = 10
	have := map[string]int{}
	track := func(of int, kind string) string { return fmt.Sprintf("%d:%s", of, kind) }
	for end, begun := time.Now().Add(crowdLimit), false; ; begun = true {
		missing := ""
		for i, m := range r.members {
			for of := range r.members {
				for _, kind := range []string{"v", "a"} {
					got, key := m.Received(track(of, kind)), fmt.Sprint(i, of, kind)
					switch {
					case of == i:
					case !begun:
						have[key], missing = got.Packets, "all"
					case got.Packets < have[key]+more:
						missing = fmt.Sprintf("%d packets of %s to %d, the last %v ago (end: %v; %d found no path); they are %v and %v, after %d and %d answers", got.Packets, track(of, kind), i,
							time.Since(got.Last).Round(time.Millisecond), got.Ended, r.members[of].refused(), r.members[of].State(), m.State(), r.members[of].Count("sdpAnswer"), m.Count("sdpAnswer"))
					}
					for _, f := range got.Faults {
						if strings.Contains(f, "damaged") {
							return fmt.Errorf("room %s: %s to %d: %s", r.id, track(of, kind), i, f)
						}
					}
				}
			}
		}
		if missing == "" {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("room %s: not within %v: %s", r.id, crowdLimit, missing)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// each does something with all of a list, so many at a time.
func each[T any](atOnce int, list []T, do func(T)) {
	slots := make(chan struct{}, atOnce)
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
