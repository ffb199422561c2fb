package node

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/fjord-media/fjord/node/dist"
)

// errLost says that a connection lost against another to the same node.
var errLost = errors.New("another connection to the node was made at the same time")

// slot is what there is of one node. Guarded by registry.mu.
type slot struct {
	link     *link         // accepting, up or ending
	attempt  *attempt      // we are dialling
	incoming int           // the peer's handshakes that we told to go on
	changed  chan struct{} // closed and replaced whenever something changes
}

func (s *slot) empty() bool { return s.link == nil && s.attempt == nil && s.incoming == 0 }

// up is the link when it is up.
func (s *slot) up() *link {
	if s.link != nil && s.link.state == linkUp {
		return s.link
	}
	return nil
}

// registry knows the links by node name, and decides which connection stays
// when several are made. Links are told apart by identity, not by name.
type registry struct {
	self string

	mu       sync.Mutex
	slots    map[string]*slot
	order    uint64
	stopping bool
}

func newRegistry(self string) *registry {
	return &registry{self: self, slots: map[string]*slot{}}
}

// slot returns the slot of a name, made when there is none. Call with mu held.
func (r *registry) slot(name string) *slot {
	s := r.slots[name]
	if s == nil {
		s = &slot{changed: make(chan struct{})}
		r.slots[name] = s
	}
	return s
}

// touch wakes who waits for a change and drops the slot when it is empty. Call
// with mu held.
func (r *registry) touch(name string) {
	s := r.slot(name)
	close(s.changed)
	s.changed = make(chan struct{})
	if s.empty() {
		delete(r.slots, name)
	}
}

// nextOrder numbers handshakes by the time they began.
func (r *registry) nextOrder() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.order++
	return r.order
}

// up is the link to a node, nil when there is none.
func (r *registry) up(name string) *link {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.slots[name]; s != nil {
		return s.up()
	}
	return nil
}

// links lists the links that are up, sorted by name.
func (r *registry) links() []*link {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*link
	for _, s := range r.slots {
		if l := s.up(); l != nil {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b *link) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return out
}

// stop refuses new links and closes all there are, at once.
func (r *registry) stop(reason error) {
	r.mu.Lock()
	r.stopping = true
	var all []*link
	for _, s := range r.slots {
		if s.link != nil {
			all = append(all, s.link)
		}
	}
	r.mu.Unlock()
	for _, l := range all {
		l.close(reason)
	}
}

// arbitrate gives the status for a peer that dials us. With ok,
// ok_simultaneous and alive its handshake counts as incoming until release.
//
// A link: alive, and the peer decides. Both dial at once: the greater name's
// connection stays; but as long as our own attempt has not told the peer our
// name, the peer's goes first, so that a peer that we cannot reach can still
// reach us.
func (r *registry) arbitrate(name string) dist.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopping || name == r.self {
		return dist.StatusNotAllowed
	}
	s := r.slot(name)
	status := dist.StatusOK
	switch {
	case s.link != nil:
		status = dist.StatusAlive
	case s.attempt == nil || !s.attempt.named:
	case name > r.self:
		status = dist.StatusOKSimultaneous
	default:
		return dist.StatusNOK
	}
	s.incoming++
	return status
}

// release ends an incoming handshake that arbitrate counted.
func (r *registry) release(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.slot(name).incoming--
	r.touch(name)
}

// admit gives an authenticated connection its name. An old link that it
// replaces is ended first, which its subscribers know before admit returns. An
// attempt of ours is over when the peer's connection is admitted.
func (r *registry) admit(ctx context.Context, l *link) error {
	for {
		old, err := r.tryAdmit(l)
		if err != nil || old == nil {
			return err
		}
		old.close(ErrReplaced)
		select {
		case <-old.gone:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tryAdmit admits l, or returns the link that has to end before.
func (r *registry) tryAdmit(l *link) (old *link, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopping {
		return nil, ErrLeaving
	}
	s := r.slot(l.name)
	if s.link != nil {
		if s.link.state != linkEnding && !l.beats(s.link, r.self) {
			return nil, errLost
		}
		return s.link, nil
	}
	s.link = l
	l.state = linkAccepting
	if s.attempt != nil && !l.dialled {
		s.attempt.cancel(errLost)
	}
	r.touch(l.name)
	return nil, nil
}

// setState moves a link on in its life.
func (r *registry) setState(l *link, state linkState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l.state = state
	r.touch(l.name)
}

// remove frees the name of a link that has ended.
func (r *registry) remove(l *link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.slots[l.name]; s != nil && s.link == l {
		s.link = nil
		r.touch(l.name)
	}
	close(l.gone)
}

// await waits until cond holds for the slot of name. cond is called with mu
// held, and with an empty slot when nothing is known of name.
func (r *registry) await(ctx context.Context, name string, cond func(*slot) bool) error {
	for {
		r.mu.Lock()
		s := r.slots[name]
		if s == nil {
			s = &slot{}
		}
		ok, changed := cond(s), s.changed
		r.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
