package pubsub

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/feed"
)

// sendTry is how long one try to send to a peer lasts.
const sendTry = 5 * time.Second

// parcel is a message on its way to a worker: its pid, or {Group, Node}.
type parcel struct {
	to  etf.Term
	msg etf.Term
}

// peer is the queue of messages to one node.
type peer struct {
	pubsub *PubSub
	name   string
	feed   *feed.Feed[parcel]

	mu      sync.Mutex
	stuck   bool   // it was logged that messages are dropped
	sent    uint64 // handed to the link
	dropped uint64
	lost    uint64 // of them since stuck
	left    uint64 // messages that have left the queue
	marks   []mark // waits for that, the nearest first

	pushed uint64 // messages that were queued; guarded by PubSub.peersMu
}

func (p *PubSub) newPeer(name string) *peer {
	q := &peer{pubsub: p, name: name}
	q.feed = feed.Start(p.run, feed.Options[parcel]{
		Name: "to " + name, Items: p.opts.PeerQueue, Bytes: p.opts.PeerBytes, Handle: q.send,
	})
	return q
}

// onNode ends the queue of a node that has gone.
func (p *PubSub) onNode(e node.NodeEvent) {
	if e.Up {
		return
	}
	p.peersMu.Lock()
	defer p.peersMu.Unlock()
	if q := p.peers[e.Node]; q != nil {
		q.feed.Abort()
		q.gone()
		delete(p.peers, e.Node)
	}
}

// send hands a message to the link; it waits as long as the link is busy.
func (q *peer) send(ctx context.Context, x parcel) {
	for {
		try, cancel := context.WithTimeout(ctx, sendTry)
		err := q.pubsub.workers[0].SendNoConnect(try, x.to, x.msg)
		cancel()
		if err != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			continue // nothing was sent
		}
		q.handedOn(err)
		return
	}
}

// gone lets go of who waits. Call with peersMu held.
func (q *peer) gone() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pass(q.pushed)
}

// handedOn counts a message that left the queue.
func (q *peer) handedOn(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pass(q.left + 1)
	if err != nil {
		q.dropped++ // its link has gone
		return
	}
	q.sent++
	if q.stuck && q.feed.Len() == 0 {
		q.pubsub.log.Warn("a peer reads again", "node", q.name, "dropped", q.lost)
		q.stuck, q.lost = false, 0
	}
}

// full counts a message that did not fit into the queue.
func (q *peer) full() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped++
	q.lost++
	if !q.stuck {
		q.stuck = true
		q.pubsub.log.Warn("a peer does not read; messages to it are dropped", "node", q.name, "waiting", q.feed.Len())
	}
}

// PeerStats counts what was broadcast to one node since it connected.
type PeerStats struct {
	Node    string
	Waiting int    // messages in the queue
	Sent    uint64 // handed to the link
	Dropped uint64 // because the queue was full
}

// Stats is the state of a PubSub.
type Stats struct {
	Subscribers int
	CutOff      uint64 // subscribers that did not keep up, since Start
	Peers       []PeerStats
}

// Stats counts; peers that were sent something, sorted by name.
func (p *PubSub) Stats() Stats {
	var s Stats
	p.mu.RLock()
	for _, subs := range p.topics {
		s.Subscribers += len(subs)
	}
	s.CutOff = p.cut
	p.mu.RUnlock()
	p.peersMu.Lock()
	for _, q := range p.peers {
		q.mu.Lock()
		s.Peers = append(s.Peers, PeerStats{Node: q.name, Waiting: q.feed.Len(), Sent: q.sent, Dropped: q.dropped})
		q.mu.Unlock()
	}
	p.peersMu.Unlock()
	slices.SortFunc(s.Peers, func(a, b PeerStats) int { return strings.Compare(a.Node, b.Node) })
	return s
}
