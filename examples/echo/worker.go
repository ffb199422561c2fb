package main

import (
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// startWorker spawns a process that others may link and monitor. Exit signals
// end it as they end a plain BEAM process; these messages it understands:
//
//	{exit, Reason}         it ends with that reason
//	{tell, To, Message}    it sends Message to To
//	{echo, From, Message}  it sends {self(), Message} to From
func startWorker(n *node.Node) (*node.Process, error) {
	var w *node.Process
	started := make(chan struct{})
	w, err := n.Spawn("", node.Callbacks{Message: func(m node.Message) {
		<-started // a moment
		work(w, m.Term)
	}})
	close(started)
	return w, err
}

// work serves a message. Callbacks must not block, so it posts what it sends; a
// receiver without a link gets nothing.
func work(w *node.Process, msg etf.Term) {
	if t, ok := etf.AsTagged(msg, "exit", 2); ok {
		w.Terminate(t[1])
	}
	if t, ok := etf.AsTagged(msg, "tell", 3); ok {
		_ = w.Post(t[1], t[2])
	}
	if t, ok := etf.AsTagged(msg, "echo", 3); ok {
		_ = w.Post(t[1], etf.Tuple{w.Pid(), t[2]})
	}
}
