package cluster

import (
	"slices"
	"testing"
	"time"

	"github.com/fjord-media/fjord/room"
)

// The node of the greatest name sends the webhooks of a dead node's rooms; when
// it does not, the next one does, and nobody sends them twice.
func TestWhoTellsWebhooks(t *testing.T) {
	start := time.Unix(1700000000, 0)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	lost := []orphan{{"1", "dead", "http://hook/"}, {"2", "dead", ""}}
	one := []room.ID{"1"}
	for name, tt := range map[string]struct {
		do   func(o *orphans) []room.ID
		want []room.ID
	}{
		"the greatest, once all know who is left": {func(o *orphans) []room.ID {
			o.add(lost, at(0))
			if early := o.tell(at(0.9), 0); len(early) > 0 {
				return nil
			}
			return o.tell(at(1), 0)["dead"]
		}, one},
		"only once": {func(o *orphans) []room.ID {
			o.add(lost, at(0))
			o.tell(at(1), 0)
			return o.tell(at(100), 0)["dead"]
		}, nil},
		"not out of turn": {func(o *orphans) []room.ID {
			o.add(lost, at(0))
			return o.tell(at(3.9), 1)["dead"]
		}, nil},
		"the greatest hangs": {func(o *orphans) []room.ID {
			o.add(lost, at(0))
			return o.tell(at(4), 1)["dead"]
		}, one},
		"the greatest dies before it has sent them": {func(o *orphans) []room.ID {
			o.add(lost, at(0))
			o.tell(at(1), 1)
			return o.tell(at(2), 0)["dead"]
		}, one},
		"the greatest has sent them and dies": {func(o *orphans) []room.ID {
			o.add(lost, at(0))
			o.heard("dead", one, at(1))
			return o.tell(at(2), 0)["dead"]
		}, nil},
		"sent before the death was noticed here": {func(o *orphans) []room.ID {
			o.heard("dead", one, at(0))
			o.add(lost, at(60))
			return o.tell(at(61), 0)["dead"]
		}, nil},
		"the next room of that id": {func(o *orphans) []room.ID {
			o.heard("dead", one, at(0))
			o.add(lost, at(1))
			o.add(lost, at(2))
			return o.tell(at(3), 0)["dead"]
		}, one},
		"that was long ago": {func(o *orphans) []room.ID {
			o.heard("dead", one, at(0))
			o.add(lost, at(120))
			return o.tell(at(121), 0)["dead"]
		}, one},
		"of another node": {func(o *orphans) []room.ID {
			o.add(lost, at(0))
			o.heard("other", one, at(0))
			return o.tell(at(1), 0)["dead"]
		}, one},
	} {
		t.Run(name, func(t *testing.T) {
			var urls []string
			o := &orphans{send: func(url string, e room.Event) bool { urls = append(urls, url); return true }}
			if got := tt.do(o); !slices.Equal(got, tt.want) {
				t.Errorf("sent at last %v, want %v", got, tt.want)
			}
			if len(urls) > 1 {
				t.Errorf("sent %v", urls)
			}
		})
	}
}

// A node that cannot send webhooks any more, as it stops, claims none: another
// one does, or it is asked again.
func TestUnsentWebhooksAreNotClaimed(t *testing.T) {
	takes, sent := false, 0
	o := &orphans{send: func(string, room.Event) bool {
		if takes {
			sent++
		}
		return takes
	}}
	now := time.Now()
	o.add([]orphan{{"1", "dead", "http://hook/"}, {"2", "dead", "http://hook/"}}, now)
	if got := o.tell(now.Add(orphanWait), 0); len(got) != 0 {
		t.Errorf("claims %v without sending", got)
	}
	o.heard("dead", []room.ID{"1"}, now)
	takes = true
	if got := o.tell(now.Add(2*orphanWait), 0)["dead"]; !slices.Equal(got, []room.ID{"2"}) || sent != 1 {
		t.Errorf("sent %v", got)
	}
}

func TestToldIsBounded(t *testing.T) {
	o := &orphans{}
	ids := make([]room.ID, 2*maxTold)
	for i := range ids {
		ids[i] = room.NewID()
	}
	o.heard("n", ids, time.Now())
	if len(o.told) != maxTold {
		t.Errorf("%d rooms are remembered", len(o.told))
	}
	o.heard("n", nil, time.Now().Add(toldFor))
	if len(o.told) != 0 {
		t.Errorf("%d rooms are remembered for ever", len(o.told))
	}
}
