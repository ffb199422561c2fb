package node

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// GenCall is gen_server:call({name, peer}, request). It connects when there is
// no link. One reference serves as monitor and as alias, so a late reply is
// dropped by this node.
//
// Errors: ErrNoProc (nothing has the name), ErrNoConnection, *RemoteError of
// class exit with the reason for which the server ended, and ctx's; ctx without
// a deadline gets DefaultTimeout.
func (n *Node) GenCall(ctx context.Context, peer, name string, request etf.Term) (etf.Term, error) {
	ctx, cancel := withDefaultTimeout(ctx)
	defer cancel()
	value, err := n.genCall(ctx, etf.Atom(peer), etf.Atom(name), request)
	if err != nil {
		return nil, fmt.Errorf("call %s on %s: %w", name, peer, err)
	}
	return value, nil
}

func (n *Node) genCall(ctx context.Context, peer, name etf.Atom, request etf.Term) (etf.Term, error) {
	l, err := n.route(ctx, peer, true)
	if err != nil {
		return nil, err
	}
	ref := n.ids.ref()
	reply := n.waiters.add(ref)
	defer n.waiters.remove(ref)
	if err := n.client.monitorBy(ctx, l.sendLater, ref, monitor{link: l, what: etf.Tuple{name, peer}, to: name}); err != nil {
		return nil, err
	}
	defer n.client.Demonitor(ref)
	var tag etf.Term = ref
	if l.has(dist.Alias) {
		tag = etf.ImproperList{Head: []etf.Term{atomAlias}, Tail: ref}
	}
	msg := etf.Tuple{atomGenCall, etf.Tuple{n.client.pid, tag}, request}
	if err := l.send(ctx, dist.SigRegSend{From: n.client.pid, To: name, Message: msg}); err != nil {
		return nil, err
	}
	select {
	case a := <-reply:
		if a.down {
			return nil, downError(a.term)
		}
		return a.term, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// downError is the error of a call whose server ended.
func downError(reason etf.Term) error {
	switch reason {
	case etf.Term(atomNoproc):
		return ErrNoProc
	case etf.Term(atomNoconnection):
		return ErrNoConnection
	}
	return &RemoteError{Class: ClassExit, Reason: reason}
}

// GenCast is gen_server:cast({name, peer}, request). That nothing has the name is
// no error.
func (n *Node) GenCast(ctx context.Context, peer, name string, request etf.Term) error {
	return n.client.Send(ctx, etf.Tuple{etf.Atom(name), etf.Atom(peer)}, etf.Tuple{atomGenCast, request})
}

// Ping is net_adm:ping: it connects when there is no link and asks net_kernel
// whether we are authorised.
func (n *Node) Ping(ctx context.Context, name string) error {
	answer, err := n.GenCall(ctx, name, string(atomNetKernel), etf.Tuple{atomIsAuth, n.ids.node})
	switch {
	case err != nil:
		return fmt.Errorf("ping %s: %w", name, err)
	case answer != etf.Term(atomYes):
		return fmt.Errorf("ping %s: %w: %s", name, ErrBadAnswer, etf.String(answer))
	}
	return nil
}

// startClient spawns the process in whose name the node calls others.
func (n *Node) startClient() (err error) {
	n.client, err = n.Spawn("", Callbacks{
		Message: n.clientMessage,
		Exit:    func(etf.Pid, etf.Term) {}, // nobody may end it
		Down: func(ref etf.Ref, _, reason etf.Term) {
			n.waiters.finish(ref, answer{term: reason, down: true})
		},
	})
	return err
}

// clientMessage takes replies that come to the pid instead of the alias, and the
// output of what is called elsewhere.
func (n *Node) clientMessage(m Message) {
	t, ok := m.Term.(etf.Tuple)
	if ok && len(t) == 4 && t[0] == etf.Term(etf.Atom("io_request")) {
		n.ioRequest(t)
		return
	}
	if !ok || len(t) != 2 {
		return
	}
	ref, ok := t[0].(etf.Ref)
	if !ok {
		ref, ok = aliasTag(t[0])
	}
	if ok {
		n.waiters.finish(ref, answer{term: t[1]})
	}
}
