package global

import (
	"math/big"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

// reportLife is how long a lost_connection is remembered, as in OTP.
const reportLife = time.Hour

// report is the last lost_connection seen about two nodes.
type report struct {
	run    string   // which run of the reporting node
	number *big.Int // grows within a run
	at     time.Time
}

// onLostConnection serves {lost_connection, A, Run, Number, B}: A says that it has
// lost its link to B. It is passed on once, and B is asked to leave us too, as OTP
// does to prevent overlapping partitions; B joins again with all when somebody
// dials it. Exceptions: what is said of ourselves is known to us already; nodes
// that dial again by themselves (Fjord's) need not be cut off; older nodes do not
// know the request. A lost_connection of our own is never sent.
func (c *core) onLostConnection(t etf.Tuple) {
	a, okA := t[1].(etf.Atom)
	b, okB := t[4].(etf.Atom)
	number, okN := asBig(t[3])
	if !okA || !okB || !okN || !c.news(a, b, t[2], number) {
		return
	}
	for _, n := range c.members() {
		if n != a && c.known[n] >= vsnLists {
			c.tell(n, t...)
		}
	}
	for n, version := range c.pending {
		if n != a && version >= vsnLists && !c.isKnown(n) {
			c.tell(n, t...)
		}
	}
	_, begun := c.pending[b]
	if b == c.self || a == c.self || c.steady[b] || !c.links[b] || !c.isKnown(b) && !begun || c.versionOf(b) < vsnLists {
		return
	}
	c.log.Info("global: asking a node to leave, since another has lost it", "node", b, "lost_by", a)
	c.askToLeave(b)
	c.forget(b)
	c.removing[b] = true
}

func (c *core) askToLeave(n etf.Atom) { c.tell(n, etf.Atom("remove_connection"), c.self) }

// news says whether a report is new, and remembers it.
func (c *core) news(a, b etf.Atom, run etf.Term, number *big.Int) bool {
	for key, r := range c.lost {
		if c.now.Sub(r.at) > reportLife {
			delete(c.lost, key)
		}
	}
	key := keyOf(etf.Tuple{a, b})
	old, seen := c.lost[key]
	if seen && old.run == keyOf(run) && number.Cmp(old.number) <= 0 {
		return false
	}
	c.lost[key] = report{run: keyOf(run), number: number, at: c.now}
	return true
}

// onRemoveConnection serves {remove_connection, Node}: the node asks us to leave
// it. Its link is closed, and nothing is said about that to anybody. When both ask
// at once OTP closes it on neither side, and they never join again over it.
func (c *core) onRemoveConnection(t etf.Tuple) {
	n, ok := t[1].(etf.Atom)
	if !ok || !c.links[n] {
		return
	}
	_, begun := c.pending[n]
	if !c.isKnown(n) && !begun && !c.removing[n] {
		return
	}
	c.forget(n)
	c.removing[n] = true
	c.log.Info("global: leaving a node as it asked", "node", n)
	c.out.disconnect(n)
}

func asBig(t etf.Term) (*big.Int, bool) {
	if b, ok := t.(*big.Int); ok && b != nil {
		return b, true
	}
	n, ok := etf.AsInt(t)
	return big.NewInt(n), ok
}
