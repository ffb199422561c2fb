package global

import (
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

const (
	// quickRestarts is how many sessions over one link begin anew at once.
	quickRestarts = 4
	// restartPause doubles with each one after these, up to restartPauseMax.
	restartPause    = 50 * time.Millisecond
	restartPauseMax = 5 * time.Second
)

// anew is called when the other side has begun anew while we have not. What is
// done of the session is void. Had he acknowledged our tag then he has forgotten
// it, and we begin anew too. Else our init_connect is still on its way to him and
// counts: to begin anew would make it a second one, to which he would do the same,
// without end.
func (c *core) anew(n etf.Atom, hisTag etf.Term) {
	s := c.sessions[n]
	switch {
	case s == nil || s.hisTag != nil && etf.Equal(s.hisTag, hisTag):
	case s.acked:
		c.restart(n)
	default:
		c.lk.cancel(n, s.id, nil)
		c.sessions[n] = &session{node: n, id: c.id(), tag: s.tag}
	}
}

// restart ends the session with a node, with what we have of it, and begins a
// new one. A member that others have told us of needs none. The first few begin at
// once, the next ones later and later: two that make each other begin anew would do
// nothing else, and what the other has said meanwhile counts as one.
func (c *core) restart(n etf.Atom) {
	s := c.sessions[n]
	if s == nil {
		return
	}
	c.lk.cancel(n, s.id, nil)
	c.endSession(n)
	if c.isKnown(n) {
		return
	}
	c.dropResources(n)
	c.restarts[n]++
	if again := c.restarts[n] - quickRestarts; again > 0 {
		c.after(min(restartPause<<min(again, 10), restartPauseMax), func() { c.begin(n) })
		return
	}
	c.begin(n)
}

// giveUp begins anew with a node that is told so.
func (c *core) giveUp(n etf.Atom) {
	c.tell(n, etf.Atom("cancel_connect"), c.self, c.sessions[n].hisTag)
	c.restart(n)
}
