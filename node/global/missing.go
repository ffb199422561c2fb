package global

import (
	"github.com/fjord-media/fjord/node/etf"
)

// wantNames asks a member for the names of its processes, when it is one that
// understands that and nobody changes names. In the request stands what has happened
// to names here before.
func (c *core) wantNames(n etf.Atom) {
	switch {
	case !c.steady[n] || !c.isKnown(n):
	case c.locks.namesLocked():
		c.wantLater(n)
	default:
		c.tell(n, atomNamesWanted, c.self, c.moment().term())
	}
}

func (c *core) wantLater(n etf.Atom) { c.after(strayWait, func() { c.wantNames(n) }) }

// onNamesWanted serves {names_wanted, Node, Token}.
func (c *core) onNamesWanted(t etf.Tuple) {
	n, ok := t[1].(etf.Atom)
	if !ok || !c.links[n] {
		return
	}
	var ours []op
	for _, e := range c.names.sorted() {
		if e.pid.Node == c.self && e.external == "" {
			ours = append(ours, op{name: e.name, pid: e.pid, method: e.method})
		}
	}
	c.tell(n, atomNamesTold, c.self, t[2], opList(ours))
}

// onNamesTold serves {names_told, Node, Token, Ops}. When names change or have
// changed since we asked, the answer may be older than that.
func (c *core) onNamesTold(t etf.Tuple) {
	n, ok := t[1].(etf.Atom)
	if !ok || !c.isKnown(n) {
		return
	}
	if c.locks.namesLocked() || !etf.Equal(t[2], c.moment().term()) {
		c.wantLater(n)
		return
	}
	c.takeOver(n, parseOps(t[3]))
}
