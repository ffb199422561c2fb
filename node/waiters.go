package node

import (
	"slices"
	"sync"

	"github.com/fjord-media/fjord/node/etf"
)

// answer is what a waiter gets: a reply, or the end of what it waits for.
type answer struct {
	term etf.Term // reply, or reason
	down bool
}

// waiters finds, by reference, who waits for the answer to a call, and which
// process has an alias. What comes for a reference that nobody waits for any
// more, such as a late reply, is dropped.
type waiters struct {
	mu      sync.Mutex
	calls   map[etf.Ref]chan answer
	aliases map[etf.Ref]*Process
}

func newWaiters() *waiters {
	return &waiters{calls: map[etf.Ref]chan answer{}, aliases: map[etf.Ref]*Process{}}
}

// add begins to wait. The channel holds the one answer.
func (w *waiters) add(ref etf.Ref) <-chan answer {
	ch := make(chan answer, 1) // the answer must not wait for the caller
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[ref] = ch
	return ch
}

func (w *waiters) remove(ref etf.Ref) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.calls, ref)
}

// finish gives a waiter its answer; it says whether there was one.
func (w *waiters) finish(ref etf.Ref, a answer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := w.calls[ref]
	if ch == nil {
		return false
	}
	delete(w.calls, ref)
	ch <- a
	return true
}

// reply gives a waiter the reply {Tag, Reply} of a gen_server.
func (w *waiters) reply(ref etf.Ref, msg etf.Term) bool {
	t, ok := msg.(etf.Tuple)
	if !ok || len(t) != 2 {
		return false
	}
	return w.finish(ref, answer{term: t[1]})
}

func (w *waiters) aliasOwner(ref etf.Ref) *Process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.aliases[ref]
}

// dropAliases ends all aliases of a process that has ended.
func (w *waiters) dropAliases(p *Process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ref := range p.aliases {
		delete(w.aliases, ref)
	}
	p.aliases = nil
}

// Alias makes a reference that messages can be sent to in place of the pid, as
// erlang:alias, until Unalias or the end of the process.
func (p *Process) Alias() etf.Ref {
	ref := p.node.ids.ref()
	w := p.node.waiters
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.Alive() {
		w.aliases[ref] = p
		p.aliases = append(p.aliases, ref)
	}
	return ref
}

// Unalias ends an alias: what is sent to it from now on is lost.
func (p *Process) Unalias(ref etf.Ref) {
	w := p.node.waiters
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.aliases, ref)
	p.aliases = slices.DeleteFunc(p.aliases, func(r etf.Ref) bool { return r == ref })
}
