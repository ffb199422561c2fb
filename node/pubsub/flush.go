package pubsub

import "context"

// Flush waits until what was broadcast before has been handed to the links of
// the peers, so that it arrives even if this process is killed next. A peer
// that more than most messages wait for does not read, and is not waited for.
// The error is ctx's.
func (p *PubSub) Flush(ctx context.Context, most int) error {
	for _, passed := range p.unsent(most) {
		select {
		case <-passed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// unsent gives a channel for each peer that something waits for; it is closed
// once that has been handed on.
func (p *PubSub) unsent(most int) (all []<-chan struct{}) {
	p.peersMu.Lock()
	defer p.peersMu.Unlock()
	for _, q := range p.peers {
		if q.feed.Len() > most {
			continue
		}
		if passed := q.passes(); passed != nil {
			all = append(all, passed)
		}
	}
	return all
}

// mark is somebody's wait until so many messages have left a queue.
type mark struct {
	target uint64
	passed chan struct{}
}

// passes is nil when nothing waits. Call with peersMu held.
func (q *peer) passes() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.left == q.pushed {
		return nil
	}
	if n := len(q.marks); n > 0 && q.marks[n-1].target == q.pushed {
		return q.marks[n-1].passed
	}
	m := mark{q.pushed, make(chan struct{})}
	q.marks = append(q.marks, m)
	return m.passed
}

// pass notes that messages have left the queue. Call with mu held.
func (q *peer) pass(left uint64) {
	q.left = left
	for len(q.marks) > 0 && q.marks[0].target <= left {
		close(q.marks[0].passed)
		q.marks = q.marks[1:]
	}
}
