package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fjord-media/fjord/room"
)

type noStats struct{}

func (noStats) Usage() room.Usage  { return room.Usage{Rooms: 2} }
func (noStats) Links() []LinkStats { return nil }

func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter()
		m.Notify(room.PeerAdded{ID: "unknown"})
		m.Notify(room.RoomCreated{ID: "a"})
		m.Notify(room.PeerAdded{ID: "a"})
		m.Notify(room.PeerAdded{ID: "a"})
		m.Notify(room.PeerConnected{ID: "a"})
		time.Sleep(10 * time.Second)
		m.Notify(room.PeerCrashed{ID: "a"})
		time.Sleep(10 * time.Second)
		m.Notify(room.PeerDisconnected{ID: "a"})
		check := func(peers int, peerTime time.Duration) {
			t.Helper()
			list := m.snapshot(time.Now())
			if len(list) != 1 || list[0].peers != peers || list[0].peerTime != peerTime || list[0].connects != 1 ||
				list[0].disconnects != 1 || list[0].breakups != 1 {
				t.Errorf("%+v", list)
			}
		}
		check(1, 30*time.Second)
		m.Notify(room.RoomCrashed{ID: "a"})
		time.Sleep(9 * time.Minute)
		check(0, 30*time.Second)
		time.Sleep(2 * time.Minute)
		if list := m.snapshot(time.Now()); len(list) != 0 {
			t.Errorf("still there: %+v", list)
		}
		for i := range 3 * maxEnded {
			m.Notify(room.RoomCreated{ID: room.ID(fmt.Sprint(i))})
			m.Notify(room.RoomDeleted{ID: room.ID(fmt.Sprint(i))})
		}
		if n := len(m.snapshot(time.Now())); n != maxEnded {
			t.Errorf("%d ended rooms", n)
		}
	})
}

// TestMetricNames compares names, labels, types and help of the original's
// metrics with the golden file.
func TestMetricNames(t *testing.T) {
	m, traffic := NewMeter(), NewTraffic()
	m.Notify(room.RoomCreated{ID: "a"})
	api := New(Options{Rooms: emptyRooms{}, Token: "t", Traffic: traffic})
	for _, path := range []string{"/health", "/room/x"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer t")
		api.ServeHTTP(httptest.NewRecorder(), r)
	}
	w := httptest.NewRecorder()
	NewMetrics(noStats{}, m, traffic).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, _ := io.ReadAll(w.Result().Body)
	own := regexp.MustCompile(`^(# (HELP|TYPE) )?(fishjam|vm|phoenix)_`)
	var got []string
	for line := range strings.Lines(string(body)) {
		if own.MatchString(line) {
			line = strings.TrimSpace(line)
			if !strings.HasPrefix(line, "#") {
				line = line[:strings.LastIndexByte(line, ' ')]
			}
			got = append(got, strings.TrimSpace(line))
		}
	}
	slices.Sort(got)
	golden, err := os.ReadFile("../testdata/metrics/original.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(golden)), "\n"), got); diff != "" {
		t.Error(diff)
	}
	if traffic.ingress.Load() == 0 || traffic.egress.Load() == 0 || traffic.requests.Load() != 2 {
		t.Error("traffic was not counted")
	}
}

// emptyRooms has no room.
type emptyRooms struct{ room.Service }

func (emptyRooms) Get(context.Context, room.ID) (room.Room, error) {
	return room.Room{}, room.ErrNotFound
}
