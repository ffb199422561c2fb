package room

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPeerless(t *testing.T) {
	tests := []struct {
		status []string
		want   bool
	}{
		{nil, true},
		{[]string{"disconnected"}, true},
		{[]string{"disconnected", "connected"}, false},
	}
	for _, tt := range tests {
		var s state
		for _, status := range tt.status {
			s.peers = append(s.peers, Peer{Status: status})
		}
		if got := s.peerless(); got != tt.want {
			t.Errorf("%v: %v", tt.status, got)
		}
	}
}

func TestSnapshotIsACopy(t *testing.T) {
	s := state{id: "r", config: Config{RoomID: "r"}, peers: []Peer{{ID: "p"}}, components: []Component{{ID: "c"}}}
	snap := s.snapshot()
	s.peers[0].ID, s.components[0].ID = "x", "x"
	s.peers = append(s.peers, Peer{ID: "q"})
	want := &Room{ID: "r", Config: Config{RoomID: "r"}, Peers: []Peer{{ID: "p"}}, Components: []Component{{ID: "c"}}}
	if diff := cmp.Diff(want, snap); diff != "" {
		t.Error(diff)
	}
}

func TestLatestArmingWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p purge
		box := make(chan uint64, 10)
		after := func(d time.Duration, n uint64) func() {
			timer := time.AfterFunc(d, func() { box <- n })
			return func() { timer.Stop() }
		}
		p.arm(60, after)
		time.Sleep(40 * time.Second)
		p.arm(60, after)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if len(box) != 0 {
			t.Fatal("the first arming fired")
		}
		time.Sleep(2 * time.Second)
		if due := <-box; !p.latest(due) || p.latest(1) {
			t.Errorf("wrong arming %v", due)
		}
		p.arm(60, after)
		stale := p.armed
		p.disarm()
		p.disarm()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(box) != 0 || p.latest(stale) {
			t.Error("disarmed and yet due")
		}
	})
}
