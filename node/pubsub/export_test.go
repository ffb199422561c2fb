package pubsub

import (
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// Deliver gives the first worker a message as if it had arrived.
func Deliver(p *PubSub, from etf.Pid, msg etf.Term) {
	p.receive(p.workers[0], node.Message{From: from, Term: msg})
}
