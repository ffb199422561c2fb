package dist

import (
	"errors"
	"testing"
)

// TestBusy checks that who waits for room waits until half of the limit is
// written, and that nobody as patient overtakes who waits.
func TestBusy(t *testing.T) {
	const limit = 1000
	q := newQueue(limit, 0)
	sized := func(n int) *message {
		m := newMessage(true)
		m.body = make([]byte, n-overhead)
		return m
	}
	for q.queued() <= limit {
		if _, err := q.tryPush(sized(400), limit); err != nil {
			t.Fatal(err)
		}
	}
	room, err := q.tryPush(sized(400), limit)
	if !errors.Is(err, ErrBusy) {
		t.Fatalf("push beyond the limit: %v", err)
	}
	written := func(n int) {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.release(n, 0, nil)
	}
	open := func() bool {
		select {
		case <-room:
			return true
		default:
			return false
		}
	}
	written(600) // of 1,200
	if open() {
		t.Error("woken above half of the limit")
	}
	if _, err := q.tryPush(sized(200), limit); !errors.Is(err, ErrBusy) {
		t.Errorf("overtakes who waits: %v", err)
	}
	if _, err := q.tryPush(sized(200), 4*limit); err != nil {
		t.Errorf("an answer waits, too: %v", err)
	}
	written(400)
	if !open() {
		t.Error("not woken at less than half of the limit")
	}
	if _, err := q.tryPush(sized(200), limit); err != nil {
		t.Errorf("nobody waits any more: %v", err)
	}
}
