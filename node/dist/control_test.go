package dist

import (
	"bytes"
	"errors"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/google/go-cmp/cmp"
)

var (
	ref1    = etf.Ref{Node: "a@h", Creation: 7, Len: 3, Words: [5]uint32{1, 2, 3}}
	ref5    = etf.Ref{Node: "a@h", Creation: 7, Len: 5, Words: [5]uint32{1, 2, 3, 4, 5}}
	service = etf.Atom("Elixir.Fishjam.RoomService")
	empty   = etf.Atom("")
	oldPeer = DefaultFlags &^ (ExitPayload | SendSender | AltactSig | UnlinkID)
	noAlt   = DefaultFlags &^ AltactSig
)

// wire is how a signal looks: control message and payload (nil: none).
type wire struct {
	name    string
	flags   Flags
	sig     Signal
	control etf.Tuple
	payload etf.Term
	oneWay  bool // decoding gives something else
}

func wires() []wire {
	n := func(i int) etf.Term { return int64(i) }
	call := etf.Tuple{etf.Atom("$gen_call"), etf.Tuple{alice, etf.ImproperList{Head: []etf.Term{etf.Atom("alias")}, Tail: ref1}}, etf.Atom("x")}
	args := etf.List{ref1, service, etf.Atom("get_resource_usage"), etf.List(nil)}
	mfa := etf.Tuple{etf.Atom("erpc"), etf.Atom("execute_call"), n(4)}
	result := etf.Tuple{ref1, etf.Atom("return"), etf.Map{{Key: etf.Atom("rooms_number"), Value: n(3)}}}
	why := etf.Tuple{etf.Atom("shutdown"), n(1)}
	return []wire{
		// The calls of a Fishjam cluster, as they were captured.
		{"spawn request", noAlt, SigSpawnRequest{ReqID: ref1, From: alice, GroupLeader: bob, Module: "erpc", Function: "execute_call", Arity: 4, Opts: etf.List{etf.Atom("monitor")}, Args: args},
			etf.Tuple{n(29), ref1, alice, bob, mfa, etf.List{etf.Atom("monitor")}}, args, false},
		{"spawn reply", noAlt, SigSpawnReply{ReqID: ref1, To: alice, Flags: SpawnMonitored, Result: bob}, etf.Tuple{n(31), ref1, alice, n(2), bob}, nil, false},
		{"result", noAlt, SigMonitorExit{From: bob, To: alice, Ref: ref1, Reason: result}, etf.Tuple{n(28), bob, alice, ref1}, result, false},
		{"monitor by name", noAlt, SigMonitor{From: alice, To: service, Ref: ref1}, etf.Tuple{n(19), alice, service, ref1}, nil, false},
		{"call", noAlt, SigRegSend{From: alice, To: service, Message: call}, etf.Tuple{n(6), alice, empty, service}, call, false},
		{"answer", noAlt, SigAliasSend{From: bob, To: ref1, Message: why}, etf.Tuple{n(33), bob, ref1}, why, false},
		{"demonitor", noAlt, SigDemonitor{From: alice, To: service, Ref: ref1}, etf.Tuple{n(20), alice, service, ref1}, nil, false},
		{"noproc", noAlt, SigMonitorExit{From: service, To: alice, Ref: ref1, Reason: etf.Atom("noproc")}, etf.Tuple{n(28), service, alice, ref1}, etf.Atom("noproc"), false},
		// The rest.
		{"link", noAlt, SigLink{alice, bob}, etf.Tuple{n(1), alice, bob}, nil, false},
		{"unlink", noAlt, SigUnlink{alice, bob}, etf.Tuple{n(4), alice, bob}, nil, false},
		{"unlink id", noAlt, SigUnlinkID{1 << 40, alice, bob}, etf.Tuple{n(35), n(1 << 40), alice, bob}, nil, false},
		{"unlink ack", noAlt, SigUnlinkIDAck{1 << 63, alice, bob}, etf.Tuple{n(36), bigInt(1 << 63), alice, bob}, nil, false},
		{"unlink for old", oldPeer, SigUnlinkID{1, alice, bob}, etf.Tuple{n(4), alice, bob}, nil, true},
		{"send", noAlt, SigSend{From: alice, To: bob, Message: why}, etf.Tuple{n(22), alice, bob}, why, false},
		{"send for old", oldPeer, SigSend{From: alice, To: bob, Message: why}, etf.Tuple{n(2), empty, bob}, why, true},
		{"send of nobody", noAlt, SigSend{To: bob, Message: why}, etf.Tuple{n(2), empty, bob}, why, false},
		{"priority lost", noAlt, SigSend{From: alice, To: bob, Message: why, Prio: true}, etf.Tuple{n(22), alice, bob}, why, true},
		{"exit", noAlt, SigExit{From: alice, To: bob, Reason: why}, etf.Tuple{n(24), alice, bob}, why, false},
		{"exit for old", oldPeer, SigExit{From: alice, To: bob, Reason: why}, etf.Tuple{n(3), alice, bob, why}, nil, false},
		{"exit2", noAlt, SigExit2{From: alice, To: bob, Reason: why}, etf.Tuple{n(26), alice, bob}, why, false},
		{"exit2 for old", oldPeer, SigExit2{From: alice, To: bob, Reason: why}, etf.Tuple{n(8), alice, bob, why}, nil, false},
		{"down for old", oldPeer, SigMonitorExit{From: alice, To: bob, Ref: ref5, Reason: why}, etf.Tuple{n(21), alice, bob, ref5, why}, nil, false},
		{"group leader", noAlt, SigGroupLeader{alice, bob}, etf.Tuple{n(7), alice, bob}, nil, false},
		{"no spawn", noAlt, SigSpawnReply{ReqID: ref1, To: alice, Result: etf.Atom("notsup")}, etf.Tuple{n(31), ref1, alice, n(0), etf.Atom("notsup")}, nil, false},
		// OTP 28.
		{"alt send", DefaultFlags, SigSend{From: alice, To: bob, Message: why, Prio: true}, etf.Tuple{n(37), n(1), alice, bob}, why, false},
		{"alt name", DefaultFlags, SigRegSend{From: alice, To: service, Message: why, Prio: true}, etf.Tuple{n(37), n(9), alice, service}, why, false},
		{"alt alias", DefaultFlags, SigAliasSend{From: alice, To: ref5, Message: why}, etf.Tuple{n(37), n(4), alice, ref5}, why, false},
		{"alt alias prio", DefaultFlags, SigAliasSend{From: alice, To: ref5, Message: why, Prio: true}, etf.Tuple{n(37), n(5), alice, ref5}, why, false},
		{"alt exit", DefaultFlags, SigExit2{From: alice, To: bob, Reason: why, Prio: true}, etf.Tuple{n(37), n(17), alice, bob}, why, false},
		{"alt alias exit", DefaultFlags, SigAliasExit2{From: alice, To: ref5, Reason: why}, etf.Tuple{n(37), n(20), alice, ref5}, why, false},
	}
}

func TestControlOut(t *testing.T) {
	for _, w := range wires() {
		t.Run(w.name, func(t *testing.T) {
			for _, flags := range []Flags{w.flags, w.flags &^ DistHdrAtomCache} {
				o := newOutbox(flags)
				o.post(t, w.sig)
				frames := split(t, o.drain(t))
				if len(frames) != 1 {
					t.Fatalf("%d frames", len(frames))
				}
				control, payload := decodeFrame(t, frames[0])
				if d := cmp.Diff(etf.Term(w.control), control, bigInts); d != "" {
					t.Errorf("control (-want +got)\n%s", d)
				}
				if d := cmp.Diff(w.payload, payload); d != "" {
					t.Errorf("payload (-want +got)\n%s", d)
				}
			}
		})
	}
}

// decodeFrame takes a frame apart by itself.
func decodeFrame(t *testing.T, f []byte) (control, payload etf.Term) {
	t.Helper()
	d := etf.NewDecoder(etf.DecoderOptions{})
	decode := d.Decode
	rest := f[1:]
	if f[0] != typePass {
		var cache atomCacheIn
		atoms, after, err := cache.refs(f[2:])
		if err != nil {
			t.Fatal(err)
		}
		rest = after
		decode = func(b []byte) (etf.Term, []byte, error) { return d.DecodeBody(b, atoms) }
	}
	control, rest, err := decode(rest)
	if err == nil && len(rest) > 0 {
		payload, rest, err = decode(rest)
	}
	if err != nil || len(rest) > 0 {
		t.Fatalf("%x left, %v", rest, err)
	}
	return control, payload
}

func TestControlIn(t *testing.T) {
	for _, w := range wires() {
		if w.oneWay {
			continue
		}
		t.Run(w.name, func(t *testing.T) { checkIn(t, w.sig, w.control, w.payload) })
	}
}

func checkIn(t *testing.T, want Signal, control etf.Tuple, payload etf.Term) {
	t.Helper()
	terms := []etf.Term{control}
	if payload != nil {
		terms = append(terms, payload)
	}
	got, _, err := feed(bytes.NewReader(lengths(passFrame(t, terms...))), LinkOptions{})
	if !errors.Is(err, ErrPeerClosed) {
		t.Error(err)
	}
	if d := cmp.Diff([]Signal{want}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestControlTraced has the forms with a trace token, which is dropped.
func TestControlTraced(t *testing.T) {
	token := etf.Tuple{int64(0), int64(1), int64(2), alice, int64(3)}
	why := etf.Atom("why")
	n := func(i int) etf.Term { return int64(i) }
	checkIn(t, SigSend{To: bob, Message: why}, etf.Tuple{n(12), empty, bob, token}, why)
	checkIn(t, SigExit{From: alice, To: bob, Reason: why}, etf.Tuple{n(13), alice, bob, token, why}, nil)
	checkIn(t, SigRegSend{From: alice, To: "n", Message: why}, etf.Tuple{n(16), alice, empty, etf.Atom("n"), token}, why)
	checkIn(t, SigExit2{From: alice, To: bob, Reason: why}, etf.Tuple{n(18), alice, bob, token, why}, nil)
	checkIn(t, SigSend{From: alice, To: bob, Message: why}, etf.Tuple{n(23), alice, bob, token}, why)
	checkIn(t, SigExit{From: alice, To: bob, Reason: why}, etf.Tuple{n(25), alice, bob, token}, why)
	checkIn(t, SigExit2{From: alice, To: bob, Reason: why}, etf.Tuple{n(27), alice, bob, token}, why)
	checkIn(t, SigSpawnRequest{ReqID: ref1, From: alice, GroupLeader: bob, Module: "m", Function: "f", Args: etf.List(nil), Opts: etf.List(nil)},
		etf.Tuple{n(30), ref1, alice, bob, etf.Tuple{etf.Atom("m"), etf.Atom("f"), n(0)}, etf.List(nil), token}, etf.List(nil))
	checkIn(t, SigSpawnReply{ReqID: ref1, To: alice, Flags: 3, Result: bob}, etf.Tuple{n(32), ref1, alice, n(3), bob, token}, nil)
	checkIn(t, SigAliasSend{From: alice, To: ref1, Message: why}, etf.Tuple{n(34), alice, ref1, token}, why)
	checkIn(t, SigSend{From: alice, To: bob, Message: why, Prio: true}, etf.Tuple{n(37), n(3), alice, bob, token}, why)
}

// TestBadMessagesCostOnlyThemselves sends nonsense, then something good.
func TestBadMessagesCostOnlyThemselves(t *testing.T) {
	n := func(i int) etf.Term { return int64(i) }
	mfa := etf.Tuple{etf.Atom("m"), etf.Atom("f"), n(1)}
	bad := []byte{version, 255}
	plus := func(b []byte, more ...byte) []byte { return append(b, more...) }
	request := SigSpawnRequest{ReqID: ref1, From: alice, GroupLeader: bob, Module: "m", Function: "f", Arity: 1, Opts: etf.List(nil), BadPayload: true}
	tests := map[string]struct {
		frame []byte
		want  []Signal
	}{
		"no term":              {frame: []byte{typePass}},
		"only a version":       {frame: []byte{typePass, version}},
		"no tuple":             {frame: passFrame(t, n(1))},
		"empty tuple":          {frame: passFrame(t, etf.Tuple{})},
		"unknown operation":    {frame: passFrame(t, etf.Tuple{n(99), alice})},
		"negative operation":   {frame: passFrame(t, etf.Tuple{n(-1), alice})},
		"unused operation":     {frame: passFrame(t, etf.Tuple{n(5), alice, bob})},
		"atom as operation":    {frame: passFrame(t, etf.Tuple{etf.Atom(strings.Repeat("é", 200)), alice})},
		"short":                {frame: passFrame(t, etf.Tuple{n(1), alice})},
		"link to atom":         {frame: passFrame(t, etf.Tuple{n(1), alice, etf.Atom("x")})},
		"monitor of integer":   {frame: passFrame(t, etf.Tuple{n(19), alice, n(4), ref1})},
		"negative unlink id":   {frame: passFrame(t, etf.Tuple{n(35), n(-4), alice, bob})},
		"send without message": {frame: passFrame(t, etf.Tuple{n(22), alice, bob})},
		"send, bad message":    {frame: plus(passFrame(t, etf.Tuple{n(22), alice, bob}), bad...)},
		"name, bad message":    {frame: plus(passFrame(t, etf.Tuple{n(6), alice, empty, etf.Atom("x")}), bad...)},
		"arity too large":      {frame: passFrame(t, etf.Tuple{n(29), ref1, alice, bob, etf.Tuple{etf.Atom("m"), etf.Atom("f"), n(256)}, etf.List{}}, etf.List{})},
		"mfa too short":        {frame: passFrame(t, etf.Tuple{n(29), ref1, alice, bob, etf.Tuple{}, etf.List{}}, etf.List{})},
		"opts no list":         {frame: passFrame(t, etf.Tuple{n(29), ref1, alice, bob, mfa, n(3)}, etf.List{})},
		"spawn, bad args":      {frame: plus(passFrame(t, etf.Tuple{n(29), ref1, alice, bob, mfa, etf.List{}}), bad...), want: []Signal{request}},
		"spawn, args no list":  {frame: passFrame(t, etf.Tuple{n(29), ref1, alice, bob, mfa, etf.List{}}, etf.Atom("x")), want: []Signal{request}},
		"down, bad reason": {frame: plus(passFrame(t, etf.Tuple{n(28), alice, bob, ref1}), bad...),
			want: []Signal{SigMonitorExit{From: alice, To: bob, Ref: ref1, Reason: badReason, BadPayload: true}}},
		"exit, bad reason": {frame: plus(passFrame(t, etf.Tuple{n(24), alice, bob}), bad...),
			want: []Signal{SigExit{From: alice, To: bob, Reason: badReason, BadPayload: true}}},
		"alt exit, bad reason": {frame: plus(passFrame(t, etf.Tuple{n(37), n(17), alice, bob}), bad...),
			want: []Signal{SigExit2{From: alice, To: bob, Reason: badReason, BadPayload: true, Prio: true}}},
		"cache reference to nothing": {frame: []byte{version, typeHeader, 0, 104, 1, 82, 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			good := passFrame(t, etf.Tuple{n(1), alice, bob})
			var log bytes.Buffer
			opts := LinkOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))}
			got, l, err := feed(bytes.NewReader(lengths(tt.frame, tt.frame, good)), opts)
			if !errors.Is(err, ErrPeerClosed) {
				t.Error(err)
			}
			want := append(append(append([]Signal{}, tt.want...), tt.want...), SigLink{alice, bob})
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if name == "spawn, args no list" {
				return // said in the signal only
			}
			if n := l.Stats().Dropped; n != 2 {
				t.Errorf("%d counted", n)
			}
			if n := strings.Count(log.String(), "\n"); n != 1 {
				t.Errorf("%d lines logged:\n%s", n, &log)
			}
		})
	}
}

func TestUnsupported(t *testing.T) {
	o := newOutbox(Mandatory25)
	for _, s := range []Signal{
		SigAliasSend{From: alice, To: ref1}, SigAliasExit2{From: alice, To: ref1},
		SigSpawnRequest{ReqID: ref1, From: alice}, nil,
	} {
		if err := o.link.Post(s); err == nil || !strings.Contains(err.Error(), "not supported") {
			t.Errorf("%T: %v", s, err)
		}
	}
	if err := o.link.Post(SigSend{From: alice, To: bob, Message: make(chan int)}); err == nil {
		t.Error("a channel was encoded")
	}
	o.post(t, SigLink{alice, bob})
	got, _, _ := feed(bytes.NewReader(o.drain(t)), LinkOptions{})
	if d := cmp.Diff([]Signal{SigLink{alice, bob}}, got); d != "" {
		t.Error(d)
	}
}

var bigInts = cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })

func bigInt(n uint64) *big.Int { return new(big.Int).SetUint64(n) }
