package global

import (
	"github.com/fjord-media/fjord/node/etf"
)

// lockedBoth goes on when both partitions are locked: he gets our names.
func (c *core) lockedBoth(n etf.Atom, session uint64, id lockID) {
	s := c.sessions[n]
	if s == nil || s.id != session {
		c.lk.cancel(n, session, nil) // the session is over
		return
	}
	c.cast(n, etf.Atom("exchange"), c.self, c.names.list(), etf.List{}, s.hisTag)
	s.lock, s.locked = id, true
	c.compare(s)
}

// onExchange serves {exchange, Node, Names, External, OurTag}.
func (c *core) onExchange(t etf.Tuple) {
	s := c.sessionOf(t[1], t[4])
	if s == nil {
		return
	}
	s.names, s.hasNames = parseNames(t[2]), true
	c.compare(s)
}

// sessionOf is the session that a message with our tag belongs to.
func (c *core) sessionOf(node, tag etf.Term) *session {
	n, _ := node.(etf.Atom)
	if s := c.sessions[n]; s != nil && isTag(tag, s.tag) {
		return s
	}
	return nil
}

// compare goes through his names once the locks are set.
func (c *core) compare(s *session) {
	if !s.locked || !s.hasNames {
		return
	}
	names := s.names
	s.hasNames, s.names = false, nil
	c.compareFrom(s, names, nil, nil)
}

// compareFrom goes through his names from one on. ops is what changes here and at
// our members, theirs what changes at his side. Names that we have already are
// among ops: a member that has lost a link may lack them. A name in both partitions with different pids
// is a conflict, which the node with the smaller name settles.
func (c *core) compareFrom(s *session, names, ops, theirs []op) {
	for i, his := range names {
		ours, ok := c.names.get(his.name)
		switch {
		case !ok, ours.pid == his.pid:
			ops = append(ops, his)
		case c.self > s.node:
		default:
			c.conflict(s, his, ours, func(result etf.Term) {
				mine := op{name: ours.name, pid: ours.pid, method: ours.method}
				o, t := outcome(result, his, mine)
				c.compareFrom(s, names[i+1:], append(ops, o...), append(theirs, t...))
			})
			return
		}
	}
	c.compared(s, ops, theirs)
}

// outcome says what a method's result changes here and at his side.
func outcome(result etf.Term, his, mine op) (ops, theirs []op) {
	pid, isPid := result.(etf.Pid)
	_, failed := etf.AsTagged(result, "badrpc", 2)
	switch {
	case isPid && pid == his.pid, failed:
		return []op{his}, nil
	case isPid && pid == mine.pid:
		return nil, []op{mine}
	}
	remove := op{remove: true, name: his.name}
	return []op{remove}, []op{remove}
}

// conflict has the method called on the node of our process.
func (c *core) conflict(s *session, his op, ours *name, done func(result etf.Term)) {
	id := c.id()
	c.resolving[id] = s
	s.decide = done
	c.out.resolve(id, ours.pid.Node, conflict{method: ours.method, name: his.name, his: his.pid, ours: ours.pid})
}

// resolution is the input for the result of a method.
func (c *core) resolution(id uint64, result etf.Term) {
	s := c.resolving[id]
	delete(c.resolving, id)
	if s != nil && c.sessions[s.node] == s && s.decide != nil {
		done := s.decide
		s.decide = nil
		done(result)
	}
}

// compared goes on when all his names have been looked at.
func (c *core) compared(s *session, ops, theirs []op) {
	c.cast(s.node, etf.Atom("resolved"), c.self, opList(theirs), memberList(c.memberVersions(), s.version),
		etf.Atom("unused"), c.names.externals(), s.hisTag)
	s.ops, s.hasOps = ops, true
	c.merge(s)
}

// onResolved serves {resolved, Node, Ops, Known, _, External, OurTag}.
func (c *core) onResolved(t etf.Tuple) {
	s := c.sessionOf(t[1], t[6])
	if s == nil {
		return
	}
	s.resolved = &resolvedMessage{ops: parseOps(t[2]), known: parseMembers(t[3]), external: parseExternal(t[5])}
	c.merge(s)
}

// merge makes one partition of two when both sides have compared the names: the
// names are taken over, our old members are told of his, and the lock is freed.
func (c *core) merge(s *session) {
	if !s.hasOps || s.resolved == nil {
		return
	}
	his, old := s.resolved, c.memberVersions()
	ops := append(s.ops, his.ops...)
	news := c.withVersions(append([]member{{node: s.node, version: c.pending[s.node]}}, his.known...))
	extra := etf.List{etf.Tuple{etf.Atom("vsn"), int64(s.version)}, etf.Tuple{atomLock, s.lock.term()}}
	external := externalList(ops, his.external)
	c.addKnown(news)
	var others []etf.Atom
	for _, m := range his.known {
		others = append(others, m.node)
		c.settled(m.node, nil)
	}
	c.syncOthers(others)
	c.apply(ops, his.external, bylock(s.lock, true))
	c.settled(s.node, func() {
		for _, m := range old {
			c.cast(m.node, etf.Atom("new_nodes"), c.self, opList(ops), external, memberList(news, m.version), extra)
		}
	})
	c.nowSynced(s.node)
}

// externalList writes those of the names that are external.
func externalList(ops []op, external map[string]etf.Atom) etf.List {
	list := etf.List{}
	for _, o := range ops {
		if by, ok := external[externalKey(o.name, o.pid)]; ok && !o.remove {
			list = append(list, etf.Tuple{o.name, o.pid, by})
		}
	}
	return list
}

// apply changes the names: insertions first.
func (c *core) apply(ops []op, external map[string]etf.Atom, by authority) {
	for _, o := range ops {
		if !o.remove {
			c.names.insert(o, external[externalKey(o.name, o.pid)], by)
		}
	}
	for _, o := range ops {
		if o.remove {
			c.names.remove(o.name)
		}
	}
}
