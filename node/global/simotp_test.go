package global

import (
	"slices"

	"github.com/fjord-media/fjord/node/etf"
)

// report tells all others of a lost link, as nodes of OTP 25 and later do to
// prevent overlapping partitions.
func (n *simNode) report(other etf.Atom) {
	c := n.core
	if !n.w.otp[n.name] || c.removing[other] {
		return
	}
	n.w.reports++
	to := c.members()
	for p := range c.pending {
		if !slices.Contains(to, p) {
			to = append(to, p)
		}
	}
	slices.Sort(to)
	for _, member := range to {
		if member != other {
			c.tell(member, etf.Atom("lost_connection"), c.self, int64(n.life), int64(n.w.reports), other)
		}
	}
}

// plain is a message as between a node with this package and one of OTP: without
// the marks and messages that only this package has. nil means none.
func plain(msg etf.Term) etf.Term {
	t, ok := etf.AsTuple(msg, -1)
	if !ok || len(t) == 0 {
		return msg
	}
	switch tagOf(t) {
	case tagged{atomNamesWanted, 3}, tagged{atomNamesTold, 4}:
		return nil
	case tagged{atomCast, 2}:
		return etf.Tuple{atomCast, unmarked(t[1])}
	}
	return msg
}

func unmarked(request etf.Term) etf.Term {
	t, ok := etf.AsTuple(request, -1)
	if !ok || len(t) == 0 {
		return request
	}
	t = slices.Clone(t)
	switch tagOf(t) {
	case tagged{"in_sync", 3}:
		t[2] = atomTrue
	case tagged{"init_connect", 4}:
		init := slices.Clone(t[3].(etf.Tuple))
		init[2] = slices.DeleteFunc(slices.Clone(init[2].(etf.Map)), func(e etf.MapEntry) bool { return e.Key == etf.Term(atomReconnects) })
		t[3] = init
	}
	return t
}

// table implements outside: nodes of OTP have no such question.
func (n *simNode) table(on etf.Atom, asked moment, tries int) {
	if n.w.otp[n.name] || !n.current(on) {
		return
	}
	me := n.name
	n.w.put(me, on, func(there *simNode) {
		var table []op
		for _, e := range there.core.names.sorted() {
			table = append(table, op{name: e.name, pid: e.pid, method: e.method})
		}
		there.w.put(on, me, func(n *simNode) { n.core.tableTold(on, asked, tries, table) })
	})
}
