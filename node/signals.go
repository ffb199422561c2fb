package node

import (
	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// dispatch hands a signal that came over l to its handler. Links call it in
// the order of arrival. What is addressed to nobody is dropped, except where
// somebody waits for an answer.
func (n *Node) dispatch(l *link, sig dist.Signal) {
	switch s := sig.(type) {
	case dist.SigSend:
		n.onSend(l, s)
	case dist.SigRegSend:
		n.onRegSend(l, s)
	case dist.SigAliasSend:
		n.onAliasSend(l, s)
	case dist.SigMonitor:
		n.onMonitor(l, s)
	case dist.SigDemonitor:
		n.onDemonitor(l, s)
	case dist.SigMonitorExit:
		n.onMonitorExit(l, s)
	case dist.SigLink:
		n.onLink(l, s)
	case dist.SigUnlink:
		n.onUnlink(l, s)
	case dist.SigUnlinkID:
		n.onUnlinkID(l, s)
	case dist.SigUnlinkIDAck:
		n.onUnlinkAck(l, s)
	case dist.SigExit:
		n.onExit(l, s)
	case dist.SigExit2:
		n.onExit2(l, s)
	case dist.SigAliasExit2:
		n.onAliasExit2(l, s)
	case dist.SigSpawnRequest:
		n.onSpawnRequest(l, s)
	case dist.SigSpawnReply:
		n.onSpawnReply(l, s)
	case dist.SigGroupLeader: // we have none and need none
	}
}

func (n *Node) onSend(l *link, s dist.SigSend) {
	if p := n.process(s.To); p != nil {
		p.message(Message{From: s.From, Term: s.Message, loan: l.loan()})
	}
}

func (n *Node) onRegSend(l *link, s dist.SigRegSend) {
	if p := n.procs.named(s.To); p != nil {
		p.message(Message{From: s.From, Term: s.Message, loan: l.loan()})
	}
}

func (n *Node) onAliasSend(l *link, s dist.SigAliasSend) {
	if n.waiters.reply(s.To, s.Message) {
		return
	}
	if p := n.waiters.aliasOwner(s.To); p != nil {
		p.message(Message{From: s.From, Term: s.Message, loan: l.loan()})
	}
}

func (n *Node) onAliasExit2(l *link, s dist.SigAliasExit2) {
	if p := n.waiters.aliasOwner(s.To); p != nil {
		n.onExit2(l, dist.SigExit2{From: s.From, To: p.pid, Reason: s.Reason, BadPayload: s.BadPayload})
	}
}

// nameOnNode takes {Name, Node} apart.
func nameOnNode(t etf.Term) (name, where etf.Atom, ok bool) {
	pair, ok := t.(etf.Tuple)
	if !ok || len(pair) != 2 {
		return "", "", false
	}
	name, ok = pair[0].(etf.Atom)
	if !ok {
		return "", "", false
	}
	where, ok = pair[1].(etf.Atom)
	return name, where, ok
}
