package node

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// startAdder spawns a gen_server that adds one to what it is called with.
func startAdder(t *testing.T, n *Node, name string) *Process {
	t.Helper()
	var p *Process
	p, err := n.Spawn(name, Callbacks{Message: func(m Message) {
		r, ok := ParseGen(m.Term)
		if !ok {
			return
		}
		if r.Request == etf.Term(atom("silence")) {
			return
		}
		if r.Request == etf.Term(atom("crash")) {
			p.Terminate(atom("crashed"))
			return
		}
		if i, ok := r.Request.(int64); ok {
			if err := p.PostReply(r, i+1); err != nil {
				t.Error(err)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGenCall(t *testing.T) {
	nearAndFar(t, func(t *testing.T, p pair) {
		startAdder(t, p.far, "adder")
		got, err := p.near.GenCall(t.Context(), p.far.Name(), "adder", int64(1))
		if err != nil || got != etf.Term(int64(2)) {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := p.near.GenCall(t.Context(), p.far.Name(), "nobody", int64(1)); !errors.Is(err, ErrNoProc) {
			t.Errorf("nobody: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := p.near.GenCall(ctx, p.far.Name(), "adder", atom("silence")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("silence: %v", err)
		}
		_, err = p.near.GenCall(t.Context(), p.far.Name(), "adder", atom("crash"))
		var remote *RemoteError
		if !errors.As(err, &remote) || remote.Class != ClassExit || remote.Reason != etf.Term(atom("crashed")) {
			t.Errorf("crash: %v", err)
		}
		if err := p.near.Ping(t.Context(), p.far.Name()); err != nil {
			t.Error(err)
		}
		box := mailbox(t, p.far, "caster")
		if err := p.near.GenCast(t.Context(), p.far.Name(), "caster", atom("x")); err != nil {
			t.Fatal(err)
		}
		if r, ok := ParseGen(receive[Message](t, box).Term); !ok || !r.Cast || r.Request != etf.Term(atom("x")) {
			t.Errorf("cast %+v", r)
		}
		if waiting(p.near) != 0 {
			t.Error("waiters are left")
		}
	})
}

// TestReplyInAllTagShapes calls as OTP does and looks where the reply goes.
func TestReplyInAllTagShapes(t *testing.T) {
	n := newLab(t).start(t, "go@localhost")
	startAdder(t, n, "adder")
	r := rawPeer(t, n)
	ref := r.ref()
	alias := etf.ImproperList{Head: []etf.Term{atomAlias}, Tail: ref}
	tests := []struct {
		what    string
		tag     etf.Term
		toAlias bool
	}{
		{"call", alias, true},
		{"multi_call of OTP 27", etf.ImproperList{Head: []etf.Term{alias}, Tail: atom("n@h")}, true},
		{"request collection", etf.List{alias, int64(4)}, true},
		{"multi_call of OTP 25", tuple(ref, atom("raw@localhost")), false},
		{"old", ref, false},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			r.send(t, dist.SigRegSend{From: r.self, To: "adder", Message: tuple(atomGenCall, tuple(r.self, tt.tag), int64(1))})
			want := etf.String(tuple(tt.tag, int64(2)))
			switch s := r.must(t).(type) {
			case dist.SigAliasSend:
				if !tt.toAlias || s.To != ref || etf.String(s.Message) != want {
					t.Errorf("to alias %v: %s", s.To, etf.String(s.Message))
				}
			case dist.SigSend:
				if tt.toAlias || s.To != r.self || etf.String(s.Message) != want {
					t.Errorf("to pid %v: %s", s.To, etf.String(s.Message))
				}
			default:
				t.Errorf("got %+v", s)
			}
		})
	}
}

func TestParseGenRefusesOthers(t *testing.T) {
	for _, msg := range []etf.Term{
		atom("x"), tuple(), tuple(atomGenCall), tuple(atomGenCall, atom("x"), int64(1)), tuple(atomGenCast),
		tuple(atomGenCall, tuple(atom("p"), atom("t")), int64(1)), tuple(atomGenCall, tuple(atom("p")), int64(1)),
		tuple(atomGenCast, int64(1), int64(2)), nil, etf.List{}, tuple(etf.List{}, etf.List{}),
	} {
		if r, ok := ParseGen(msg); ok {
			t.Errorf("%s became %+v", etf.String(msg), r)
		}
	}
}

func TestServicesAnswerRawRequests(t *testing.T) {
	n := newLab(t).start(t, "go@localhost")
	n.Handle("m", "f", 1, func(_ context.Context, _ Caller, args []etf.Term) (etf.Term, error) {
		if args[0] == etf.Term(atomThrow) {
			return nil, Throw(atom("ball"))
		}
		if args[0] == etf.Term(atomExit) {
			return nil, Exit(atom("bye"))
		}
		return args[0], nil
	})
	r := rawPeer(t, n)
	request := func(name string, msg etf.Term) string {
		t.Helper()
		r.send(t, dist.SigRegSend{From: r.self, To: etf.Atom(name), Message: msg})
		s, ok := r.must(t).(dist.SigSend)
		if !ok || s.To != r.self {
			t.Fatalf("answer %+v", s)
		}
		return etf.String(s.Message)
	}
	call := func(name string, req etf.Term) string {
		t.Helper()
		return request(name, tuple(atomGenCall, tuple(r.self, atom("tag")), req))
	}
	rpc := func(m, f string, args ...etf.Term) etf.Term {
		return tuple(atomCall, atom(m), atom(f), etf.List(args), r.self)
	}
	for got, want := range map[string]string{
		call("net_kernel", tuple(atomIsAuth, atom("raw@localhost"))):                       "{tag,yes}",
		call("net_kernel", atom("longnames")):                                              "{tag,false}",
		call("net_kernel", tuple(atom("connect"), int64(1))):                               "{tag,{error,notsup}}",
		call("rex", rpc("m", "f", int64(7))):                                               "{tag,7}",
		call("rex", rpc("m", "f", atomThrow)):                                              "{tag,ball}",
		call("rex", rpc("m", "f", atomExit)):                                               "{tag,{badrpc,{'EXIT',bye}}}",
		call("rex", rpc("m", "g")):                                                         "{tag,{badrpc,{'EXIT',{undef,[{m,g,[],[]}]}}}}",
		call("rex", atom("odd")):                                                           "{tag,{badrpc,{'EXIT',badarg}}}",
		request("rex", tuple(r.self, atom("features_request"))):                            "{features_reply,go@localhost,[erpc]}",
		request("rex", tuple(r.self, rpc("m", "f", int64(8)))):                             "{rex,8}",
		request("rex", tuple(r.self, rpc("m", "g"))):                                       "{rex,{badrpc,{'EXIT',{undef,[{m,g,[],[]}]}}}}",
		request("rex", tuple(r.self, tuple(atom("sbcast"), atom("net_kernel"), int64(1)))): "{rex,go@localhost,go@localhost}",
		request("rex", tuple(r.self, tuple(atom("sbcast"), atom("nobody"), int64(1)))):     "{rex,go@localhost,{nonexisting_name,nobody}}",
		request("rex", tuple(r.self, tuple(atom("send"), int64(7), int64(1)))):             "{rex,go@localhost,{nonexisting_name,7}}",
		call("rex", tuple(atomCall, int64(1), int64(2), int64(3), nil2)):                   "{tag,{badrpc,{'EXIT',{undef,[{'','',[],[]}]}}}}",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

const nil2 = etf.Atom("nil")

// TestMissingServicesAreAnswered: global and pg are absent as a whole, and a
// monitor of them must not hang.
func TestMissingServicesAreAnswered(t *testing.T) {
	n := newLab(t).start(t, "go@localhost")
	r := rawPeer(t, n)
	gone := etf.Pid{Node: "go@localhost", ID: 4000, Creation: n.Creation()}
	for _, to := range []etf.Term{atom("global_name_server"), atom("pg"), atom("Elixir.Phoenix.PubSub"), gone} {
		ref := r.ref()
		r.send(t, dist.SigMonitor{From: r.self, To: to, Ref: ref})
		s, ok := r.must(t).(dist.SigMonitorExit)
		if !ok || s.From != to || s.To != r.self || s.Ref != ref || s.Reason != etf.Term(atomNoproc) {
			t.Errorf("monitor of %s: %+v", etf.String(to), s)
		}
	}
	r.send(t, dist.SigRegSend{From: r.self, To: "global_name_server", Message: tuple(atomGenCast, atom("init_connect"))})
	r.send(t, dist.SigLink{From: r.self, To: gone})
	if s, ok := r.must(t).(dist.SigExit); !ok || s.From != gone || s.To != r.self || s.Reason != etf.Term(atomNoproc) {
		t.Errorf("link: %+v", s)
	}
	r.send(t, dist.SigUnlinkID{ID: 12, From: r.self, To: gone})
	if s, ok := r.must(t).(dist.SigUnlinkIDAck); !ok || s.ID != 12 || s.From != gone || s.To != r.self {
		t.Errorf("unlink: %+v", s)
	}
	box := mailbox(t, n, "box")
	r.send(t, dist.SigAliasExit2{From: r.self, To: box.Alias(), Reason: atom("now")})
	if e := receive[ExitSignal](t, box); e.Reason != etf.Term(atom("now")) {
		t.Errorf("exit of an alias: %+v", e)
	}
}

// TestOldPeerWithoutNewerSignals talks to a node of OTP 22's capabilities.
func TestOldPeerWithoutNewerSignals(t *testing.T) {
	n := newLab(t).start(t, "go@localhost")
	old := dist.DefaultFlags &^ (dist.Alias | dist.Spawn | dist.UnlinkID | dist.V4NC | dist.ExitPayload | dist.SendSender)
	r := rawPeerWith(t, n, old)
	within(t, time.Second, "up", func() bool { return n.reg.up("raw@localhost") != nil })
	var missing *FlagsMissingError
	if _, err := n.Call(t.Context(), "raw@localhost", "m", "f"); !errors.As(err, &missing) || missing.Flags[0] != "SPAWN" {
		t.Errorf("call: %v", err)
	}
	box := mailbox(t, n, "box")
	if err := box.Link(t.Context(), r.self); err != nil {
		t.Fatal(err)
	}
	box.Unlink(r.self)
	_ = r.must(t).(dist.SigLink)
	if s, ok := r.must(t).(dist.SigUnlink); !ok || s.To != r.self {
		t.Errorf("unlink: %+v", s)
	}
	done := make(chan error, 1)
	go func() {
		_, err := n.GenCall(t.Context(), "raw@localhost", "server", atom("q"))
		done <- err
	}()
	_ = r.must(t).(dist.SigMonitor)
	req, ok := ParseGen(r.must(t).(dist.SigRegSend).Message)
	if _, plain := req.Tag.(etf.Ref); !ok || !plain {
		t.Fatalf("request %+v", req)
	}
	r.send(t, dist.SigSend{From: r.self, To: req.From, Message: tuple(req.Tag, atom("a"))})
	if err := <-done; err != nil {
		t.Error(err)
	}
}
