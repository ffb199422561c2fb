package global

import (
	"maps"
	"slices"

	"github.com/fjord-media/fjord/node/etf"
)

// up is the input for a new link to a visible node.
func (c *core) up(n etf.Atom) {
	c.links[n] = true
	waiting := c.outbox[n]
	delete(c.outbox, n)
	for _, m := range waiting {
		c.out.send(m.from, n, m.to, m.msg)
	}
	parked := c.parked[n]
	delete(c.parked, n)
	for _, id := range parked {
		if w := c.monitors[id]; w != nil {
			c.out.monitor(id, n, w.what)
		}
	}
	c.begin(n)
}

// down is the input for a link that is gone. Monitors of what was behind it
// end by themselves. Newer nodes of OTP make all others leave that node; with others
// names are compared.
func (c *core) down(n etf.Atom) {
	if c.isKnown(n) && (c.steady[n] || c.versionOf(n) < vsnLists) {
		c.doubt()
	}
	delete(c.links, n)
	c.forget(n)
	delete(c.removing, n)
	delete(c.steady, n)
	delete(c.restarts, n)
	delete(c.spoken, n)
}

// connectFailed is the input for a link that could not be made: the node is no
// member for us.
func (c *core) connectFailed(n etf.Atom) {
	if c.links[n] {
		return // it came up meanwhile
	}
	parked := c.parked[n]
	delete(c.parked, n)
	for _, id := range parked {
		c.ended(id, etf.Atom("noconnection"))
	}
	if c.isKnown(n) {
		c.log.Warn("a node that global told of cannot be reached", "node", n)
		c.forget(n)
	}
}

// forget drops all that is known of a node.
func (c *core) forget(n etf.Atom) {
	c.cancelSession(n)
	delete(c.known, n)
	delete(c.synced, n)
	delete(c.outbox, n)
	c.syncersLose(n)
	for _, ref := range c.callsTo(n) {
		c.calls[ref].noReply()
	}
}

// members lists the partition without ourselves, sorted.
func (c *core) members() []etf.Atom { return slices.Sorted(maps.Keys(c.known)) }

// memberVersions lists the partition without ourselves with the versions.
func (c *core) memberVersions() []member {
	var out []member
	for _, n := range c.members() {
		out = append(out, member{node: n, version: c.known[n]})
	}
	return out
}

// addKnown adds nodes to our partition and returns those that are new.
func (c *core) addKnown(nodes []member) (added []etf.Atom) {
	for _, m := range nodes {
		if m.node == c.self || c.isKnown(m.node) {
			continue
		}
		c.known[m.node] = m.version
		added = append(added, m.node)
	}
	return added
}

// withVersions fills versions that are unknown with what we know.
func (c *core) withVersions(nodes []member) []member {
	out := slices.Clone(nodes)
	for i := range out {
		if out[i].version == 0 {
			out[i].version = c.versionOf(out[i].node)
		}
	}
	return out
}

// syncOthers tells nodes of the other partition that we have their names. Links
// that are missing are made.
func (c *core) syncOthers(nodes []etf.Atom) {
	for _, n := range nodes {
		if n != c.self {
			c.cast(n, etf.Atom("in_sync"), c.self, atomReconnects) // OTP 23 to 29 ignore the last
		}
	}
}

// boss is the node whose lock is taken first: the greatest name.
func boss(nodes []etf.Atom) etf.Atom { return slices.Max(nodes) }

// without returns nodes that are not in drop.
func without(nodes []etf.Atom, drop ...etf.Atom) []etf.Atom {
	return slices.DeleteFunc(slices.Clone(nodes), func(n etf.Atom) bool { return slices.Contains(drop, n) })
}
