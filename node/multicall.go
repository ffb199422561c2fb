package node

import (
	"context"
	"sync"

	"github.com/fjord-media/fjord/node/etf"
)

// Result is one answer of a Multicall or GenMulticall.
type Result struct {
	Node  string
	Value etf.Term
	Err   error // as of Call or GenCall
}

// GenMulticall is gen_server:multi_call(peers, name, request): it calls the servers
// of that name on all peers at once; each has until ctx's deadline, DefaultTimeout
// without one. Results come in the order of peers. Late replies are dropped.
func (n *Node) GenMulticall(ctx context.Context, peers []string, name string, request etf.Term) []Result {
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	return n.each(peers, "gen multicall", func(peer string) (etf.Term, error) {
		return n.GenCall(ctx, peer, name, request)
	})
}

// each calls all peers at once, on goroutines of that name, and waits for all.
func (n *Node) each(peers []string, name string, call func(peer string) (etf.Term, error)) []Result {
	results := make([]Result, len(peers))
	var wait sync.WaitGroup
	for i, peer := range peers {
		results[i].Node = peer
		wait.Add(1)
		ok := n.group.Go(name, func(context.Context) error {
			defer wait.Done()
			results[i].Value, results[i].Err = call(peer)
			return nil
		})
		if !ok {
			wait.Done()
			results[i].Err = ErrLeaving
		}
	}
	wait.Wait()
	return results
}
