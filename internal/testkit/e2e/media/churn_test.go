//go:build e2e

package media

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
)

const (
	churnRate    = 50 // joins a second, and as many leaves
	churnAtOnce  = 64 // peers that come, stay or go at a time
	churnRooms   = 5
	churnPeriod  = 10 * time.Second
	churnSoak    = time.Minute
	longestStay  = 1500 * time.Millisecond
	leastVisits  = 30 // of a machine that is very busy
	publishEvery = 4
	waitEvery    = 10 // visitors that stay until they see something
)

// TestChurn: peers come and go fifty times a second, directly and through TURN
// over UDP and TCP, at every stage of their negotiation; those who stay keep
// seeing each other, and nothing is left over.
func TestChurn(t *testing.T) {
	n := start(t)
	goroutines, descriptors := n.gauge(t, "go_goroutines"), n.descriptors(t)
	rooms := make([]string, churnRooms)
	var stay [2]*peer
	for i := range rooms {
		rooms[i] = n.MustPostRoom(t, "").ID
	}
	stay[0], stay[1] = n.join(t, rooms[0], sfupeer.Options{}), n.join(t, rooms[0], sfupeer.Options{})
	publish(t, stay[0], narrow("stay:v"))
	for _, room := range rooms[1:] {
		publish(t, n.join(t, room, sfupeer.Options{}), narrow("stay:v"))
	}
	flows(t, stay[1], "stay:v", 10)
	period := churnPeriod
	if testkit.Soak() {
		period = churnSoak
	}
	visits, seen, began := churn(t, n, rooms, period)
	t.Logf("%d visits in %v (%d of them saw media), wanted %d a second", visits, time.Since(began).Round(time.Millisecond), seen, churnRate)
	if visits < leastVisits || seen == 0 {
		t.Errorf("only %d visits, %d of them saw media", visits, seen)
	}
	flows(t, stay[1], "stay:v", 20)
	testkit.Within(t, limit, "the visitors are gone for those who stay", func() bool {
		return stay[1].Count("endpointAdded") == stay[1].Count("endpointRemoved")
	})
	for _, room := range rooms {
		n.mustDelete(t, "/room/"+room)
	}
	for _, p := range stay {
		p.Leave()
	}
	n.settles(t, goroutines, descriptors)
}

// churn lets peers visit rooms at random for a while.
func churn(t *testing.T, n *node, rooms []string, period time.Duration) (visits, seen int64, began time.Time) {
	t.Helper()
	var done, saw atomic.Int64
	var wait sync.WaitGroup
	slots := make(chan struct{}, churnAtOnce)
	tick := time.NewTicker(time.Second / churnRate)
	defer tick.Stop()
	began = time.Now()
	for i := 0; time.Since(began) < period; i++ {
		<-tick.C
		slots <- struct{}{}
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer func() { <-slots }()
			if n.visit(t, rooms[i%len(rooms)], i) {
				saw.Add(1)
			}
			done.Add(1)
		}()
	}
	wait.Wait()
	return done.Load(), saw.Load(), began
}

// visit joins, publishes perhaps, stays a moment and goes: with a word by
// REST, or without. It reports whether media came.
func (n *node) visit(t *testing.T, room string, i int) bool {
	a, err := n.addPeer(room)
	if err != nil {
		t.Errorf("visit %d: %v", i, err)
		return false
	}
	o := sfupeer.Options{Relay: i%3 != 0, TCP: i%3 == 2, Setting: func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	}}
	p, err := n.connect(a, o)
	if err != nil {
		t.Errorf("visit %d: %v", i, err)
		return false
	}
	defer p.Leave()
	if i%publishEvery == 0 {
		if err := p.Publish(narrow("visit:v")); err != nil {
			t.Errorf("visit %d: %v", i, err)
		}
	}
	time.Sleep(rand.N(longestStay))
	for end := time.Now().Add(limit); i%waitEvery == 0 && p.Received("stay:v").Packets == 0 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	if i%2 == 0 {
		if status, body, err := n.Do(http.MethodDelete, "/room/"+room+"/peer/"+a.id, ""); err != nil || status != http.StatusNoContent {
			t.Errorf("visit %d: delete: %d %s %v", i, status, body, err)
		}
	}
	return p.Received("stay:v").Packets > 0
}
