package main

import (
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/room"
)

// fakeRooms are rooms that are drained.
type fakeRooms struct {
	mu       sync.Mutex
	rooms    int
	draining bool
}

func (f *fakeRooms) Drain(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.draining = on
}

func (f *fakeRooms) Usage() room.Usage {
	f.mu.Lock()
	defer f.mu.Unlock()
	return room.Usage{Rooms: f.rooms}
}

func (f *fakeRooms) end(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rooms -= n
}

// drainTest runs fn with a drainer of three rooms; took gives the time until the
// drain was over.
func drainTest(t *testing.T, fn func(d *drainer, rooms *fakeRooms, took func() time.Duration)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		rooms := &fakeRooms{rooms: 3}
		d := newDrainer(t.Context(), rooms, slog.New(slog.DiscardHandler))
		defer func() {
			if err := d.stop(t.Context()); err != nil {
				t.Error(err)
			}
		}()
		begin := time.Now()
		fn(d, rooms, func() time.Duration {
			select {
			case <-d.done:
			case <-time.After(time.Hour):
				t.Error("never over")
			}
			return time.Since(begin)
		})
	})
}

func TestDrainEndsWithTheLastRoom(t *testing.T) {
	drainTest(t, func(d *drainer, rooms *fakeRooms, took func() time.Duration) {
		d.begin(10*time.Minute, false)
		if !rooms.draining || !d.drained() {
			t.Error("rooms are taken")
		}
		time.AfterFunc(time.Minute, func() { rooms.end(2) })
		time.AfterFunc(2*time.Minute, func() { rooms.end(1) })
		if n := took(); n < 2*time.Minute || n > 2*time.Minute+drainLook {
			t.Errorf("over after %s", n)
		}
		if err := d.undo(); !errors.Is(err, httpapi.ErrNotUndone) {
			t.Error("taken back:", err)
		}
	})
}

func TestDrainEndsWithItsTime(t *testing.T) {
	drainTest(t, func(d *drainer, _ *fakeRooms, took func() time.Duration) {
		d.begin(10*time.Minute, false)
		if n := took(); n != 10*time.Minute {
			t.Errorf("over after %s", n)
		}
	})
}

func TestDrainWithoutRoomsIsOverAtOnce(t *testing.T) {
	drainTest(t, func(d *drainer, rooms *fakeRooms, took func() time.Duration) {
		rooms.end(3)
		d.begin(0, true)
		if n := took(); n != 0 {
			t.Errorf("over after %s", n)
		}
	})
}

func TestDrainIsTakenBack(t *testing.T) {
	drainTest(t, func(d *drainer, rooms *fakeRooms, took func() time.Duration) {
		d.begin(time.Minute, false)
		time.Sleep(30 * time.Second)
		if err := d.undo(); err != nil || rooms.draining || d.drained() {
			t.Errorf("%v, draining %v", err, rooms.draining)
		}
		time.Sleep(10 * time.Minute)
		select {
		case <-d.done:
			t.Error("over although it was taken back")
		default:
		}
		d.begin(time.Minute, false)
		if n := took(); n != 11*time.Minute+30*time.Second {
			t.Errorf("over after %s", n)
		}
	})
}

// A signal makes a drain final, and gives it its own limit.
func TestSignalDuringDrain(t *testing.T) {
	drainTest(t, func(d *drainer, _ *fakeRooms, took func() time.Duration) {
		d.begin(0, false)
		d.begin(time.Minute, true)
		if err := d.undo(); !errors.Is(err, httpapi.ErrNotUndone) {
			t.Error("taken back:", err)
		}
		if n := took(); n != time.Minute {
			t.Errorf("over after %s", n)
		}
	})
}

func TestDrainWords(t *testing.T) {
	d, rest, err := splitDrain([]string{"--wait", "--timeout=10m", "--port=5"})
	if err != nil || !d.wait || d.undo || d.timeout != 10*time.Minute || len(rest) != 1 {
		t.Errorf("%+v %v %v", d, rest, err)
	}
	if d, _, err := splitDrain([]string{"--undo"}); err != nil || !d.undo || d.timeout >= 0 {
		t.Errorf("%+v %v", d, err)
	}
	for _, bad := range []string{"now", "--timeout=x", "--timeout=-1s", "--timeout"} {
		if _, _, err := splitDrain([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
