package room

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func none(ID) bool { return false }

func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewReservations(func(id ID) bool { return id == "live" })
		check := func(id ID, token string, want error) {
			t.Helper()
			if err := r.Reserve(id, token); !errors.Is(err, want) {
				t.Errorf("reserve %s for %s: got %v, want %v", id, token, err, want)
			}
		}
		check("live", "a", ErrExists)
		check("x", "a", nil)
		check("x", "b", ErrExists)
		time.Sleep(Lease - time.Second)
		check("x", "a", nil) // renewed
		time.Sleep(Lease - time.Nanosecond)
		check("x", "b", ErrExists)
		time.Sleep(time.Nanosecond)
		check("x", "b", nil) // ran out
		if r.Release("x", "a") || r.Commit("x", "a") || r.Release("y", "a") {
			t.Error("a stranger's token was taken")
		}
		if !r.Release("x", "b") {
			t.Error("not released")
		}
		check("x", "a", nil)
		if !r.Commit("x", "a") {
			t.Error("not committed")
		}
		check("x", "a", ErrExists) // the token's room exists
		time.Sleep(Lease)
		check("x", "a", nil)
		if !r.Commit("x", "a") || !r.Release("x", "a") || r.Len() != 0 {
			t.Error("a committed id is not released")
		}
	})
}

func TestReservationsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewReservations(none)
		for i := range MaxReservations {
			if err := r.Reserve(ID(fmt.Sprint(i)), "t"); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Reserve("more", "t"); !errors.Is(err, ErrReservations) {
			t.Errorf("got %v", err)
		}
		if err := r.Reserve("7", "t"); err != nil {
			t.Errorf("renewal: %v", err)
		}
		time.Sleep(Lease)
		if err := r.Reserve("more", "t"); err != nil || r.Len() != 1 {
			t.Errorf("after a lease: %v, %d held", err, r.Len())
		}
	})
}

func TestOneOfManyReservationsWins(t *testing.T) {
	r := NewReservations(none)
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if r.Reserve("same", fmt.Sprint(i)) == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
}

// TestReservationsModel compares with a plain map over random operations and
// passing time.
func TestReservationsModel(t *testing.T) {
	type held struct {
		token     string
		until     time.Time
		committed bool
	}
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			r, model := NewReservations(none), map[ID]held{}
			for range rapid.IntRange(1, 50).Draw(rt, "steps") {
				time.Sleep(time.Duration(rapid.IntRange(0, 4000).Draw(rt, "ms")) * time.Millisecond)
				id := ID(fmt.Sprint(rapid.IntRange(0, 3).Draw(rt, "id")))
				token := fmt.Sprint(rapid.IntRange(0, 2).Draw(rt, "token"))
				h, ok := model[id]
				if ok && !time.Now().Before(h.until) {
					delete(model, id)
					ok = false
				}
				mine := ok && h.token == token
				lease := held{token: token, until: time.Now().Add(Lease)}
				switch rapid.IntRange(0, 3).Draw(rt, "operation") {
				case 0, 1:
					free := !ok || mine && !h.committed
					if got := r.Reserve(id, token) == nil; got != free {
						t.Fatalf("reserve %s: %v", id, got)
					}
					if free {
						model[id] = lease
					}
				case 2:
					if got := r.Release(id, token); got != mine {
						t.Fatalf("release %s: %v", id, got)
					}
					if mine {
						delete(model, id)
					}
				case 3:
					if got := r.Commit(id, token); got != mine {
						t.Fatalf("commit %s: %v", id, got)
					}
					if lease.committed = true; mine {
						model[id] = lease
					}
				}
			}
		})
	})
}
