package node

import (
	"context"

	"github.com/fjord-media/fjord/node/etf"
)

// startServices spawns the processes that every BEAM node has and its peers
// talk to, and lists the few functions of OTP that others may call here.
func (n *Node) startServices() error {
	if err := n.startClient(); err != nil {
		return err
	}
	if err := n.startNetKernel(); err != nil {
		return err
	}
	if err := n.startRex(); err != nil {
		return err
	}
	if err := n.startLogger(); err != nil {
		return err
	}
	n.handleBuiltins()
	return nil
}

// handleBuiltins lists the functions of OTP that tell what everybody may know:
// who we are and whom we know, which others need to complete their mesh.
func (n *Node) handleBuiltins() {
	n.HandleQuick("erlang", "node", 0, func(context.Context, Caller, []etf.Term) (etf.Term, error) {
		return n.ids.node, nil
	})
	n.HandleQuick("erlang", "is_alive", 0, func(context.Context, Caller, []etf.Term) (etf.Term, error) {
		return atomTrue, nil
	})
	n.HandleQuick("erlang", "nodes", 0, func(context.Context, Caller, []etf.Term) (etf.Term, error) {
		return atoms(n.Nodes()), nil
	})
	n.HandleQuick("erlang", "nodes", 1, func(_ context.Context, _ Caller, args []etf.Term) (etf.Term, error) {
		return n.nodesOf(args[0])
	})
	n.HandleQuick("erlang", "whereis", 1, func(_ context.Context, _ Caller, args []etf.Term) (etf.Term, error) {
		return n.whereis(args[0])
	})
}

// whereis is erlang:whereis(Name): how an operator finds the pid to look at.
func (n *Node) whereis(name etf.Term) (etf.Term, error) {
	atom, ok := name.(etf.Atom)
	if !ok {
		return nil, Error(atomBadarg)
	}
	if p := n.procs.named(atom); p != nil {
		return p.Pid(), nil
	}
	return etf.Undefined, nil
}

// nodesOf is erlang:nodes(Kind) for the kinds that an atom names.
func (n *Node) nodesOf(kind etf.Term) (etf.Term, error) {
	switch kind {
	case etf.Term(etf.Atom("visible")):
		return atoms(n.Nodes()), nil
	case etf.Term(etf.Atom("hidden")):
		return atoms(n.HiddenNodes()), nil
	case etf.Term(etf.Atom("connected")):
		return atoms(n.ConnectedNodes()), nil
	case etf.Term(etf.Atom("this")):
		return etf.List{n.ids.node}, nil
	}
	return nil, Error(atomBadarg)
}

func atoms(names []string) etf.List {
	list := make(etf.List, 0, len(names))
	for _, name := range names {
		list = append(list, etf.Atom(name))
	}
	return list
}

// startNetKernel spawns net_kernel, which says to net_adm:ping that the link
// is good.
func (n *Node) startNetKernel() error {
	var p *Process
	p, err := n.Spawn(string(atomNetKernel), Callbacks{
		Message: func(m Message) {
			if r, ok := ParseGen(m.Term); ok {
				_ = p.PostReply(r, n.netKernel(r.Request)) // fails only when the caller's link is gone or flooded
			}
		},
		Exit: func(etf.Pid, etf.Term) {}, // nobody may end it
	})
	return err
}

func (n *Node) netKernel(request etf.Term) etf.Term {
	if t, ok := request.(etf.Tuple); ok && len(t) == 2 && t[0] == etf.Term(atomIsAuth) {
		return atomYes
	}
	if request == etf.Term(etf.Atom("longnames")) {
		return etf.Bool(n.opts.LongNames)
	}
	return etf.Tuple{atomError, etf.Atom("notsup")}
}
