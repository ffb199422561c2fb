package node

import "github.com/fjord-media/fjord/node/etf"

// lost is what a process is told when a link goes.
type lost struct {
	process *Process
	ref     etf.Ref  // of a monitor
	what    etf.Term // what the monitor watched
	other   etf.Pid  // of a linked process
	linked  bool
}

// loseLink tells everybody that the link is gone: monitors get noconnection,
// linked processes an exit signal with that reason, calls that run for the peer
// end.
func (n *Node) loseLink(l *link) {
	losses, watched := n.cutRelations(l)
	for ref, p := range watched {
		p.unwatched(ref)
	}
	for _, x := range losses {
		if x.linked {
			x.process.exit(x.other, atomNoconnection)
		} else {
			x.process.down(x.ref, x.what, atomNoconnection)
		}
	}
}

// cutRelations takes everything off that hangs on the link. From then on
// nothing can be hung on it.
func (n *Node) cutRelations(l *link) ([]lost, map[etf.Ref]*Process) {
	n.relations.Lock()
	defer n.relations.Unlock()
	l.closed = true
	var losses []lost
	for ref, p := range l.watching {
		losses = append(losses, lost{process: p, ref: ref, what: p.monitors[ref].what})
		delete(p.monitors, ref)
	}
	for key := range l.tied {
		t := key.process.ties[key.other]
		delete(key.process.ties, key.other)
		if t.active {
			losses = append(losses, lost{process: key.process, other: key.other, linked: true})
		}
	}
	watched := l.watched
	for ref, p := range watched {
		delete(p.watchers, ref)
	}
	l.watching, l.watched, l.tied = nil, nil, nil
	return losses, watched
}
