package dist

import (
	"sync/atomic"
	"time"
)

// asideLimit is how long a function may keep the reader: once to twice that,
// another goroutine goes on reading then.
const asideLimit = 2 * time.Millisecond

// Aside is for Deliver: the reader calls fn once Deliver has returned. That spares
// waking another goroutine, and fn may block all the same: if it takes longer than
// some milliseconds another goroutine goes on reading, and this one ends with fn.
func (l *Link) Aside(fn func()) { l.aside = fn }

// watch sees to it that a link is read though a function keeps its reader. There is
// one timer for as long as functions follow each other, not one for each.
type watch struct {
	turn  atomic.Uint64 // odd while a function runs
	armed atomic.Bool   // the timer is set
	seen  uint64        // turn when it was set; of whoever arms, then of check
	timer *time.Timer
	hand  func() // goes on reading; called once for each turn that is taken away
}

// during calls fn. It tells whether the caller still is the reader; when fn does not
// return, by a panic or runtime.Goexit, it is not.
func (w *watch) during(fn func(), handed *bool) {
	turn := w.begin()
	returned := false
	defer func() {
		switch still := w.turn.CompareAndSwap(turn, turn+1); {
		case !still:
			*handed = true
		case !returned:
			*handed = true
			w.hand()
		}
	}()
	fn()
	returned = true
}

func (w *watch) begin() (turn uint64) {
	turn = w.turn.Add(1)
	w.arm(turn)
	return turn
}

func (w *watch) arm(turn uint64) {
	if !w.armed.CompareAndSwap(false, true) {
		return
	}
	w.seen = turn
	if w.timer == nil {
		w.timer = time.AfterFunc(time.Hour, w.check) // set for good below, when check can see it
	}
	w.timer.Reset(asideLimit)
}

// check is called by the timer.
func (w *watch) check() {
	turn := w.turn.Load()
	running, same := turn%2 == 1, turn == w.seen
	switch {
	case !same || running && !w.turn.CompareAndSwap(turn, turn+1):
		w.seen = w.turn.Load()
		w.timer.Reset(asideLimit)
	case running:
		w.armed.Store(false)
		w.hand()
	default:
		w.armed.Store(false)
		if now := w.turn.Load(); now != turn {
			w.arm(now)
		}
	}
}
