package node

import (
	"sync/atomic"
	"time"
)

// habit is how a function has behaved so far. One that has always returned at once
// need not wake a goroutine of its own.
type habit struct {
	prompts atomic.Int32 // in a row; below zero: calls that do not count, since it blocked
}

// What makes a habit.
const (
	promptWithin = 200 * time.Microsecond
	promptsMake  = 16               // a habit
	blocksFrom   = time.Millisecond // the machine's own pauses are seldom as long
	blockCosts   = 64               // calls before the next ones count
)

// claim says whether the function is likely to return at once. Until it has, nobody
// else is told so: a call that does not return ends the habit.
func (h *habit) claim() bool { return h.prompts.CompareAndSwap(promptsMake, 0) }

// took notes the time of a call, and whether that was claimed.
func (h *habit) took(d time.Duration, claimed bool) {
	n := h.prompts.Load()
	switch {
	case d >= blocksFrom:
		h.prompts.Store(-blockCosts)
	case n >= 0 && d >= promptWithin:
		h.prompts.CompareAndSwap(n, 0)
	case n >= 0 && claimed:
		h.prompts.CompareAndSwap(n, promptsMake)
	case n < promptsMake:
		h.prompts.CompareAndSwap(n, n+1)
	}
}
