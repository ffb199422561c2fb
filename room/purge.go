package room

import "time"

// purge is a timer of which the latest arming wins.
type purge struct {
	armed  uint64 // number of armings so far
	cancel func()
}

// purgeDue is the message of a room's arming number n.
type purgeDue struct{ n uint64 }

// arm starts the timer anew: after has the message of arming n delivered after d.
func (p *purge) arm(seconds int, after func(d time.Duration, n uint64) (cancel func())) {
	p.disarm()
	p.armed++
	p.cancel = after(time.Duration(seconds)*time.Second, p.armed)
}

func (p *purge) disarm() {
	if p.cancel != nil {
		p.cancel()
		p.cancel = nil
	}
}

// latest says whether n is the latest arming; the message of an older one may
// have been in the mailbox when it was cancelled.
func (p *purge) latest(n uint64) bool { return p.cancel != nil && n == p.armed }
