package room

import "time"

// purge is a room's peerless timer: the latest arming wins.
type purge struct {
	armed  uint64 // number of armings so far
	cancel func()
}

// purgeDue is the message of arming number n.
type purgeDue struct{ n uint64 }

// arm starts the timer anew: after has the message delivered after d.
func (p *purge) arm(seconds int, after func(d time.Duration, msg any) (cancel func())) {
	p.disarm()
	p.armed++
	p.cancel = after(time.Duration(seconds)*time.Second, purgeDue{p.armed})
}

func (p *purge) disarm() {
	if p.cancel != nil {
		p.cancel()
		p.cancel = nil
	}
}

// latest says whether the message is that of the latest arming; an older one
// may have been in the mailbox when it was cancelled.
func (p *purge) latest(due purgeDue) bool { return p.cancel != nil && due.n == p.armed }
