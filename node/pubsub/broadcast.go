package pubsub

import (
	"errors"
	"fmt"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/feed"
)

// maxBuffer is the size of the buffers that are kept.
const maxBuffer = 1 << 16

// Broadcast sends a message to all subscribers of a topic on all nodes. It does
// not wait for anybody; see "Limits". msg must not be changed afterwards.
//
// Errors: ErrBadMessage, ErrStopped; nobody got the message then.
func (p *PubSub) Broadcast(topic string, msg etf.Term, opts ...BroadcastOption) error {
	s := sendingOf(opts)
	term, size, err := p.forward(topic, msg, s.dispatcher)
	if err != nil {
		return fmt.Errorf("broadcast to %q: %w", topic, err)
	}
	p.peersMu.Lock()
	defer p.peersMu.Unlock()
	p.dispatch(Message{Topic: topic, Term: msg, Dispatcher: s.dispatcher, Node: p.self}, s.except)
	sent := map[etf.Pid]struct{}{}
	for _, pid := range p.scope.Members(p.groups[0]) {
		_, again := sent[pid]
		if string(pid.Node) == p.self || again {
			continue
		}
		sent[pid] = struct{}{}
		// A full queue is counted and logged; the others get the message.
		_ = p.queue(string(pid.Node), parcel{to: pid, msg: term}, size)
	}
	return nil
}

// LocalBroadcast sends a message to the subscribers on this node only. Errors:
// ErrStopped.
func (p *PubSub) LocalBroadcast(topic string, msg etf.Term, opts ...BroadcastOption) error {
	if p.ended() {
		return fmt.Errorf("local broadcast to %q: %w", topic, ErrStopped)
	}
	s := sendingOf(opts)
	p.dispatch(Message{Topic: topic, Term: msg, Dispatcher: s.dispatcher, Node: p.self}, s.except)
	return nil
}

// DirectBroadcast sends a message to the subscribers on one node. It makes no
// link.
//
// Errors: node.ErrNoConnection, ErrBusy, ErrBadMessage, ErrStopped. That the node
// has no such PubSub is none.
func (p *PubSub) DirectBroadcast(peer, topic string, msg etf.Term, opts ...BroadcastOption) error {
	s := sendingOf(opts)
	term, size, err := p.forward(topic, msg, s.dispatcher)
	if err == nil && peer == p.self {
		return p.LocalBroadcast(topic, msg, opts...)
	}
	if err == nil {
		err = p.direct(peer, parcel{to: etf.Tuple{p.groups[0], etf.Atom(peer)}, msg: term}, size)
	}
	if err != nil {
		return fmt.Errorf("broadcast to %q on %s: %w", topic, peer, err)
	}
	return nil
}

// direct queues a message for a node that is connected.
func (p *PubSub) direct(name string, x parcel, size int) error {
	p.peersMu.Lock()
	defer p.peersMu.Unlock()
	// Under the lock: should the link go now, onNode comes after us.
	if _, up := p.node.LinkStats(name); !up {
		return node.ErrNoConnection
	}
	return p.queue(name, x, size)
}

// forward makes the message to a worker, and its size in bytes.
func (p *PubSub) forward(topic string, msg etf.Term, dispatcher etf.Atom) (etf.Term, int, error) {
	if p.ended() {
		return nil, 0, ErrStopped
	}
	term := etf.Tuple{atomForward, []byte(topic), msg, dispatcher}
	// Encoding is the only full check of a term; each link encodes again, with
	// its own atom cache.
	b, _ := p.buffers.Get().(*[]byte)
	if b == nil {
		b = new([]byte)
	}
	defer p.buffers.Put(b)
	encoded, err := etf.AppendBody((*b)[:0], term)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrBadMessage, err)
	}
	if cap(encoded) <= maxBuffer {
		*b = encoded
	}
	return term, len(encoded), nil
}

func (p *PubSub) ended() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.stopped
}

// queue gives a message to the goroutine of a peer. Call with peersMu held.
func (p *PubSub) queue(name string, x parcel, size int) error {
	q := p.peers[name]
	if q == nil {
		q = p.newPeer(name)
		p.peers[name] = q
	}
	err := q.feed.Push(x, size)
	switch {
	case err == nil:
		q.pushed++
		return nil
	case errors.Is(err, feed.ErrFull):
		q.full()
		return ErrBusy
	}
	return ErrStopped
}
