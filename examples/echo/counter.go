package main

import (
	"sync"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// maxGaps bounds the gaps that are remembered.
const maxGaps = 100

// counter is the process counter: it counts messages {N, …} whose numbers
// should come in order, beginning with 1, from one sender. The call report
// answers #{received, last, late, gaps}; reset begins anew.
type counter struct {
	process *node.Process

	mu       sync.Mutex // signals of several nodes may come at the same time
	received int64
	last     int64
	late     int64 // numbers that came again or too late
	gaps     etf.List
}

func startCounter(n *node.Node) (*counter, error) {
	c := &counter{}
	c.mu.Lock() // messages may come before Spawn returns
	defer c.mu.Unlock()
	p, err := n.Spawn("counter", node.Callbacks{Message: c.message})
	c.process = p
	return c, err
}

func (c *counter) message(m node.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := node.ParseGen(m.Term); ok {
		_ = c.process.PostReply(r, c.answer(r.Request)) // fails only without a link
		return
	}
	t, ok := m.Term.(etf.Tuple)
	if !ok || len(t) == 0 {
		return
	}
	if number, ok := etf.AsInt(t[0]); ok {
		c.count(number)
	}
}

// count takes the next number. Call with mu held.
func (c *counter) count(number int64) {
	c.received++
	switch {
	case number <= c.last:
		c.late++
		return
	case number > c.last+1 && len(c.gaps) < maxGaps:
		c.gaps = append(c.gaps, etf.Tuple{c.last + 1, number - 1})
	}
	c.last = number
}

// answer serves a call. Call with mu held.
func (c *counter) answer(request etf.Term) etf.Term {
	switch request {
	case etf.Term(etf.Atom("report")):
		return c.report()
	case etf.Term(etf.Atom("reset")):
		c.received, c.last, c.late, c.gaps = 0, 0, 0, nil
		return etf.Atom("ok")
	}
	return badarg()
}

// report says what was received. Call with mu held.
func (c *counter) report() etf.Term {
	return etf.M(
		etf.Atom("received"), c.received, etf.Atom("last"), c.last,
		etf.Atom("late"), c.late, etf.Atom("gaps"), append(etf.List{}, c.gaps...),
	)
}
