package node

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// rawLink is a peer of a node that speaks bare signals, as a test of what
// goes over the wire needs it.
type rawLink struct {
	link *dist.Link
	got  chan dist.Signal
	self etf.Pid
	refs uint32
}

func rawPeer(t *testing.T, n *Node) *rawLink {
	t.Helper()
	return rawPeerWith(t, n, dist.DefaultFlags)
}

func rawPeerWith(t *testing.T, n *Node, flags dist.Flags) *rawLink {
	t.Helper()
	local := dist.Local{Name: "raw@localhost", Creation: 77, Flags: flags, Cookie: testCookie}
	conn, err := handshake(t, n, local, func() bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	r := &rawLink{got: make(chan dist.Signal, 1000), self: etf.Pid{Node: "raw@localhost", ID: 5, Creation: 77}}
	peer := dist.Peer{Name: n.Name(), Creation: n.Creation(), Offered: dist.DefaultFlags, Flags: flags.Expand() & dist.DefaultFlags.Expand()}
	r.link = dist.NewLink(conn, local, peer, dist.LinkOptions{Deliver: func(s dist.Signal) { r.got <- s }})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.link.Run(context.Background())
	}()
	t.Cleanup(func() {
		r.link.Close(nil)
		<-done
	})
	return r
}

func (r *rawLink) ref() etf.Ref {
	r.refs++
	return etf.Ref{Node: "raw@localhost", Creation: 77, Len: 3, Words: [5]uint32{r.refs}}
}

func (r *rawLink) send(t *testing.T, sig dist.Signal) {
	t.Helper()
	if err := r.link.Send(t.Context(), sig); err != nil {
		t.Fatal(err)
	}
}

// next is the next signal, nil when there is none for a while.
func (r *rawLink) next(wait time.Duration) dist.Signal {
	select {
	case s := <-r.got:
		return s
	case <-time.After(wait):
		return nil
	}
}

func (r *rawLink) must(t *testing.T) dist.Signal {
	t.Helper()
	s := r.next(slack * 2 * time.Second)
	if s == nil {
		t.Fatal("no signal came")
	}
	return s
}

func spawnMFA(module, function string, args etf.List, opts ...etf.Term) dist.SigSpawnRequest {
	return dist.SigSpawnRequest{Module: atom(module), Function: atom(function), Arity: len(args), Args: args, Opts: opts}
}

func spawnErpc(module, function string, args etf.Term, opts ...etf.Term) dist.SigSpawnRequest {
	return spawnMFA("erpc", "execute_call", etf.List{nil, atom(module), atom(function), args}, opts...)
}

// spawn sends the request and prints the answers; a ping after it tells that
// no more come.
func (r *rawLink) spawn(t *testing.T, s dist.SigSpawnRequest) string {
	t.Helper()
	s.ReqID, s.From, s.GroupLeader = r.ref(), r.self, r.self
	call := r.ref()
	args := append(etf.List{}, s.Args...)
	if args[0] == nil {
		args[0] = call
	}
	s.Args = args
	r.send(t, s)
	reply, ok := r.must(t).(dist.SigSpawnReply)
	if !ok || reply.ReqID != s.ReqID {
		t.Fatalf("first came %+v", reply)
	}
	out := fmt.Sprint(reply.Flags)
	for _, flag := range []int{dist.SpawnMonitored, dist.SpawnLinked} {
		if reply.Flags&flag == 0 {
			continue
		}
		switch e := r.must(t).(type) {
		case dist.SigMonitorExit:
			if e.Ref != s.ReqID || e.From != reply.Result {
				t.Errorf("down of %v", e)
			}
			out += " down " + reason(e.Reason, call)
		case dist.SigExit:
			out += " exit " + reason(e.Reason, call)
		}
	}
	if extra := r.next(10 * time.Millisecond); extra != nil {
		t.Errorf("and then came %+v", extra)
	}
	return out
}

func reason(t etf.Term, call etf.Ref) string {
	if tt, ok := t.(etf.Tuple); ok && len(tt) == 2 && tt[0] == etf.Term(atomUndef) {
		if _, plain := tt[1].(etf.List)[0].(etf.Tuple)[2].(etf.List)[0].(etf.Fun); plain {
			return "{undef,_}"
		}
	}
	return strings.ReplaceAll(etf.String(t), etf.String(call), "ref")
}
