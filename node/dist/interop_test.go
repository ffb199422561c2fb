//go:build interop

package dist

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/google/go-cmp/cmp"
)

// Tests against a real erl (make interop). It registers with an epmd of its
// own on a private port.

const erlProgram = `
-module(echo).
-export([start/0]).
start() -> register(echo, spawn(fun loop/0)), io:format("ready~n").
loop() ->
  receive
    {From, echo, T} -> From ! {echo, T};
    {From, size, B} -> From ! {size, byte_size(B), erlang:md5(B)};
    {From, atoms, N} -> [From ! {list_to_atom("dyn_" ++ integer_to_list(I rem 3000)), I} || I <- lists:seq(1, N)];
    {From, many, N} -> [From ! {seq, I} || I <- lists:seq(1, N)];
    {From, make, N} -> From ! {made, binary:copy(<<"0123456789abcdef">>, N div 16)};
    {From, parallel, K, N} -> [spawn(fun() -> From ! {part, I, binary:copy(<<I>>, N)} end) || I <- lists:seq(1, K)];
    {From, count, N} -> From ! {counted, count(0, N)};
    {From, alias} -> A = alias(), From ! {alias, A}, receive {via, X} -> From ! {got, X} end;
    {From, link} -> P = spawn(fun() -> receive {die, R} -> exit(R) end end), From ! {spawned, P};
    {From, watch, P} -> Ref = monitor(process, P), receive {'DOWN', Ref, process, _, R} -> From ! {down, R} end
  end,
  loop().
count(I, N) when I =:= N -> N;
count(I, N) -> receive {seq, I} -> count(I + 1, N); {seq, J} -> {bad, I, J} after 20000 -> {timeout, I} end.
`

// beam is a running erl.
type beam struct {
	name, cookie string
	epmdPort     int
}

// startBeam runs epmd and erl until the end of the test.
func startBeam(t *testing.T, args ...string) beam {
	t.Helper()
	dir := t.TempDir()
	b := beam{name: fmt.Sprintf("dist%d@127.0.0.1", os.Getpid()), cookie: "monster", epmdPort: freePort(t)}
	env := append(os.Environ(), "ERL_EPMD_PORT="+strconv.Itoa(b.epmdPort), "ERL_EPMD_ADDRESS=127.0.0.1", "HOME="+dir)
	start(t, dir, env, nil, "epmd")
	waitFor(t, "epmd", func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", b.epmdPort))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	if err := os.WriteFile(dir+"/echo.erl", []byte(erlProgram), 0o600); err != nil {
		t.Fatal(err)
	}
	compile := exec.Command("erlc", "echo.erl")
	compile.Dir = dir
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("erlc: %v: %s", err, out)
	}
	var out syncBuffer
	args = append([]string{"-name", b.name, "-setcookie", b.cookie, "-noshell", "-noinput", "-start_epmd", "false", "-s", "echo"}, args...)
	start(t, dir, env, &out, "erl", args...)
	waitFor(t, "erl", func() bool { return bytes.Contains(out.bytes(), []byte("ready")) })
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("erl said: %s", out.bytes())
		}
	})
	return b
}

func start(t *testing.T, dir string, env []string, out io.Writer, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// port asks epmd for the port of the node.
func (b beam) port(t *testing.T) int {
	t.Helper()
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", b.epmdPort), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	alive := b.name[:bytes.IndexByte([]byte(b.name), '@')]
	req := binary.BigEndian.AppendUint16(nil, uint16(1+len(alive)))
	if _, err := c.Write(append(append(req, 'z'), alive...)); err != nil {
		t.Fatal(err)
	}
	resp, err := io.ReadAll(c)
	if err != nil || len(resp) < 4 || resp[1] != 0 {
		t.Fatalf("PORT2: %x %v", resp, err)
	}
	return int(binary.BigEndian.Uint16(resp[2:]))
}

func (b beam) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", b.port(t)), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (b beam) local(name string, flags Flags) Local {
	return Local{Name: name, Creation: 77, Flags: flags, Cookie: b.cookie}
}

// connect makes a running link to the node.
func (b beam) connect(t *testing.T, name string, flags Flags, opts LinkOptions) *runningLink {
	t.Helper()
	conn := b.dial(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	peer, err := Initiate(ctx, conn, b.local(name, flags), b.name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("peer %s creation %d offers %#x", peer.Name, peer.Creation, uint64(peer.Offered))
	l := &runningLink{got: make(chan Signal, 1<<16), reason: make(chan error, 1)}
	opts.Deliver = func(s Signal) { // drop what the services of the node say
		if m, ok := s.(SigRegSend); ok && (m.To == "rex" || m.To == "global_name_server") {
			return
		}
		l.got <- s
	}
	l.Link = NewLink(conn, b.local(name, flags), peer, opts)
	done := make(chan struct{})
	go func() { l.reason <- l.Run(context.Background()); close(done) }()
	t.Cleanup(func() { l.Close(nil); <-done })
	return l
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	begin := time.Now()
	for !ok() {
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("%s: not ready after 30 s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("%s ready after %v", what, time.Since(begin).Round(time.Millisecond))
}

func me(name string) etf.Pid { return etf.Pid{Node: etf.Atom(name), ID: 5, Creation: 77} }

// ask sends a tuple to the registered process echo.
func (l *runningLink) ask(t *testing.T, from etf.Pid, elements ...etf.Term) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	msg := append(etf.Tuple{from}, elements...)
	if err := l.Send(ctx, SigRegSend{From: from, To: "echo", Message: msg}); err != nil {
		t.Fatal(err)
	}
}

// message takes the next message sent to a pid.
func (l *runningLink) message(t *testing.T) etf.Term {
	t.Helper()
	s, ok := l.next(t).(SigSend)
	if !ok {
		t.Fatalf("not a message: %#v", s)
	}
	return s.Message
}

func TestBeam(t *testing.T) {
	b := startBeam(t)
	for name, flags := range map[string]Flags{
		"plain": DefaultFlags &^ (DistHdrAtomCache | Fragments), "cache": fullFlags &^ Fragments,
		"full": fullFlags, "hidden": fullFlags &^ Published, "old": fullFlags &^ (ExitPayload | SendSender | AltactSig),
	} {
		t.Run(name, func(t *testing.T) {
			node := name + "@127.0.0.1"
			l := b.connect(t, node, flags, LinkOptions{})
			t.Run("terms", func(t *testing.T) { beamTerms(t, l, me(node)) })
			t.Run("order", func(t *testing.T) { beamOrder(t, l, me(node)) })
			t.Run("atoms", func(t *testing.T) { beamAtoms(t, l, me(node)) })
			t.Run("large", func(t *testing.T) { beamLarge(t, l, me(node)) })
			t.Run("signals", func(t *testing.T) { beamSignals(t, l, me(node)) })
			if d := l.Stats().Dropped; d != 0 {
				t.Errorf("%d messages dropped", d)
			}
		})
	}
}

func beamTerms(t *testing.T, l *runningLink, from etf.Pid) {
	long := bytes.Repeat([]byte("é"), 255)
	for _, term := range []etf.Term{
		etf.Atom("ok"), int64(-1), 1.5, []byte("x"), etf.Tuple{}, etf.List(nil),
		etf.Atom(long), etf.Tuple{etf.Atom(long), etf.Atom("")}, from,
		etf.Ref{Node: from.Node, Creation: 77, Len: 3, Words: [5]uint32{1, 2, 3}},
		etf.Map{{Key: etf.Tuple{int64(1)}, Value: etf.Atom("v")}},
		etf.ImproperList{Head: []etf.Term{etf.Atom("alias")}, Tail: int64(3)},
	} {
		l.ask(t, from, etf.Atom("echo"), term)
		want := etf.Tuple{etf.Atom("echo"), term}
		if diff := cmp.Diff(etf.Term(want), l.message(t)); diff != "" {
			t.Errorf("echo (-want +got):\n%s", diff)
		}
	}
}

func beamOrder(t *testing.T, l *runningLink, from etf.Pid) {
	const n = 20_000
	l.ask(t, from, etf.Atom("many"), n)
	for i := int64(1); i <= n; i++ {
		if got := l.message(t); !cmp.Equal(got, etf.Tuple{etf.Atom("seq"), i}) {
			t.Fatalf("message %d is %v", i, got)
		}
	}
	l.ask(t, from, etf.Atom("count"), n)
	for i := range n {
		if err := l.Send(t.Context(), SigRegSend{From: from, To: "echo", Message: etf.Tuple{etf.Atom("seq"), i}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.message(t); !cmp.Equal(got, etf.Tuple{etf.Atom("counted"), int64(n)}) {
		t.Errorf("erl counted %v", got)
	}
}

// beamAtoms makes the caches of both directions go round.
func beamAtoms(t *testing.T, l *runningLink, from etf.Pid) {
	const n = 10_000
	l.ask(t, from, etf.Atom("atoms"), n)
	for i := int64(1); i <= n; i++ {
		want := etf.Tuple{etf.Atom(fmt.Sprintf("dyn_%d", i%3000)), i}
		if got := l.message(t); !cmp.Equal(got, want) {
			t.Fatalf("message %d is %v", i, got)
		}
	}
	for i := range 3000 {
		var list etf.List
		for j := range 3 {
			list = append(list, etf.Atom(fmt.Sprintf("out_%d", (i*7+j*991)%4000)))
		}
		l.ask(t, from, etf.Atom("echo"), list)
		if got := l.message(t); !cmp.Equal(got, etf.Tuple{etf.Atom("echo"), list}) {
			t.Fatalf("echo %d is %v, want %v", i, got, list)
		}
	}
	var many etf.List
	for i := range 400 {
		many = append(many, etf.Atom(fmt.Sprintf("many_%d", i)))
	}
	l.ask(t, from, etf.Atom("echo"), many)
	if got := l.message(t); !cmp.Equal(got, etf.Tuple{etf.Atom("echo"), many}) {
		t.Fatalf("400 atoms came back as %v", got)
	}
}

func beamLarge(t *testing.T, l *runningLink, from etf.Pid) {
	for _, n := range []int{60_000, 65_536 - 20, 65_536, 65_536 * 2, 1 << 20, 10 << 20} {
		blob := bytes.Repeat([]byte("0123456789abcdef"), n/16)
		l.ask(t, from, etf.Atom("echo"), blob)
		got, _ := l.message(t).(etf.Tuple)
		if len(got) != 2 || !bytes.Equal(got[1].([]byte), blob) {
			t.Errorf("binary of %d bytes did not come back", n)
		}
	}
	const k, n = 8, 300_000
	l.ask(t, from, etf.Atom("parallel"), k, n)
	seen := map[int64]bool{}
	for range k {
		got := l.message(t).(etf.Tuple)
		i := got[1].(int64)
		if want := bytes.Repeat([]byte{byte(i)}, n); !bytes.Equal(got[2].([]byte), want) {
			t.Errorf("part %d is damaged", i)
		}
		seen[i] = true
	}
	if len(seen) != k {
		t.Errorf("parts: %v", seen)
	}
	beamInterleaved(t, l, from)
}

// beamInterleaved sends large messages of several senders at once.
func beamInterleaved(t *testing.T, l *runningLink, from etf.Pid) {
	const k = 6
	for i := range uint32(k) {
		sender := from
		sender.ID += i
		blob := bytes.Repeat([]byte{byte('a' + i)}, 400_000)
		err := l.Send(t.Context(), SigRegSend{From: sender, To: "echo", Message: etf.Tuple{sender, etf.Atom("echo"), blob}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range k {
		s := l.next(t).(SigSend)
		blob := s.Message.(etf.Tuple)[1].([]byte)
		want := bytes.Repeat([]byte{byte('a' + s.To.ID - from.ID)}, 400_000)
		if !bytes.Equal(blob, want) {
			t.Errorf("echo to %v is damaged", s.To)
		}
	}
}

func beamSignals(t *testing.T, l *runningLink, from etf.Pid) {
	ctx := t.Context()
	ref := func(n uint32) etf.Ref {
		return etf.Ref{Node: from.Node, Creation: 77, Len: 3, Words: [5]uint32{n, 9, 9}}
	}
	send := func(s Signal) {
		t.Helper()
		if err := l.Send(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	// A monitor of a missing name, by name.
	send(SigMonitor{From: from, To: etf.Atom("missing"), Ref: ref(1)})
	want := Signal(SigMonitorExit{From: etf.Atom("missing"), To: from, Ref: ref(1), Reason: etf.Atom("noproc")})
	if diff := cmp.Diff(want, l.next(t)); diff != "" {
		t.Errorf("noproc (-want +got):\n%s", diff)
	}
	// A link and a monitor of a process that dies with a term.
	l.ask(t, from, etf.Atom("link"))
	worker := l.message(t).(etf.Tuple)[1].(etf.Pid)
	send(SigLink{from, worker})
	send(SigMonitor{From: from, To: worker, Ref: ref(2)})
	reason := etf.Tuple{etf.Atom("why"), etf.List{etf.Atom("a"), 2.5}}
	send(SigSend{From: from, To: worker, Message: etf.Tuple{etf.Atom("die"), reason}})
	for range 2 {
		switch s := l.next(t).(type) {
		case SigExit:
			if !cmp.Equal(s, SigExit{From: worker, To: from, Reason: reason}) {
				t.Errorf("exit: %v", s)
			}
		case SigMonitorExit:
			if !cmp.Equal(s, SigMonitorExit{From: worker, To: from, Ref: ref(2), Reason: reason}) {
				t.Errorf("down: %v", s)
			}
		default:
			t.Errorf("unexpected %#v", s)
		}
	}
	// A link taken back is acknowledged.
	l.ask(t, from, etf.Atom("link"))
	worker = l.message(t).(etf.Tuple)[1].(etf.Pid)
	send(SigLink{from, worker})
	send(SigUnlinkID{ID: 99, From: from, To: worker})
	if got := l.next(t); !cmp.Equal(got, SigUnlinkIDAck{ID: 99, From: worker, To: from}) {
		t.Errorf("ack: %#v", got)
	}
	// EXIT2 kills it.
	send(SigMonitor{From: from, To: worker, Ref: ref(3)})
	send(SigExit2{From: from, To: worker, Reason: etf.Atom("kill")})
	if s, ok := l.next(t).(SigMonitorExit); !ok || s.Reason != etf.Atom("killed") {
		t.Errorf("down after kill: %v", s)
	}
	beamSpawn(t, l, from, ref(4))
	beamAliasAndMonitor(t, l, from)
}

func beamSpawn(t *testing.T, l *runningLink, from etf.Pid, req etf.Ref) {
	callRef := req
	callRef.Words[1]++
	err := l.Send(t.Context(), SigSpawnRequest{
		ReqID: req, From: from, GroupLeader: from, Module: "erpc", Function: "execute_call", Arity: 4,
		Opts: etf.List{etf.Atom("monitor")},
		Args: etf.List{callRef, etf.Atom("erlang"), etf.Atom("abs"), etf.List{int64(-5)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	reply, ok := l.next(t).(SigSpawnReply)
	if !ok || reply.ReqID != req || reply.To != from || reply.Flags != SpawnMonitored {
		t.Fatalf("spawn reply: %#v", reply)
	}
	want := Signal(SigMonitorExit{
		From: reply.Result, To: from, Ref: req,
		Reason: etf.Tuple{callRef, etf.Atom("return"), int64(5)},
	})
	if diff := cmp.Diff(want, l.next(t)); diff != "" {
		t.Errorf("erpc result (-want +got):\n%s", diff)
	}
}

func beamAliasAndMonitor(t *testing.T, l *runningLink, from etf.Pid) {
	l.ask(t, from, etf.Atom("alias"))
	alias := l.message(t).(etf.Tuple)[1].(etf.Ref)
	err := l.Send(t.Context(), SigAliasSend{From: from, To: alias, Message: etf.Tuple{etf.Atom("via"), int64(4)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.message(t); !cmp.Equal(got, etf.Tuple{etf.Atom("got"), int64(4)}) {
		t.Errorf("by alias: %v", got)
	}
	watched := from
	watched.ID = 4711
	l.ask(t, from, etf.Atom("watch"), watched)
	m, ok := l.next(t).(SigMonitor)
	if !ok || m.To != watched {
		t.Fatalf("monitor: %#v", m)
	}
	big := bytes.Repeat([]byte("r"), 200_000)
	err = l.Send(t.Context(), SigMonitorExit{From: watched, To: m.From, Ref: m.Ref, Reason: big})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.message(t); !cmp.Equal(got, etf.Tuple{etf.Atom("down"), big}) {
		t.Errorf("down came as %.80v", got)
	}
}

// TestBeamHuge sends 100 MB each way; a small message and its answer pass.
func TestBeamHuge(t *testing.T) {
	const size = 100_000_000
	b := startBeam(t)
	l := b.connect(t, "huge@127.0.0.1", fullFlags, LinkOptions{})
	from, other := me("huge@127.0.0.1"), me("huge@127.0.0.1")
	other.ID++
	l.ask(t, from, etf.Atom("size"), make([]byte, size))
	l.ask(t, other, etf.Atom("echo"), etf.OK)
	if s := l.next(t).(SigSend); s.To != other {
		t.Errorf("the large message came first: %v", s)
	}
	got := l.message(t).(etf.Tuple)
	if got[1] != etf.Term(int64(size)) {
		t.Errorf("erl received %v bytes", got[1])
	}
	l.ask(t, from, etf.Atom("make"), size)
	l.ask(t, other, etf.Atom("echo"), etf.OK)
	for range 2 {
		switch m := l.message(t).(etf.Tuple); m[0] {
		case etf.Atom("made"):
			if n := len(m[1].([]byte)); n != size {
				t.Errorf("%d bytes received", n)
			}
		case etf.Atom("echo"):
		default:
			t.Errorf("unexpected %v", m[0])
		}
	}
}

func TestBeamTicks(t *testing.T) {
	b := startBeam(t, "-kernel", "net_ticktime", "4")
	l := b.connect(t, "tick@127.0.0.1", fullFlags, LinkOptions{TickTime: 4 * time.Second})
	select {
	case err := <-l.reason:
		t.Fatalf("link ended: %v", err)
	case <-time.After(12 * time.Second):
	}
	if n := l.Stats().Ticks; n < 8 {
		t.Errorf("%d ticks received in 12 s", n)
	}
}

func TestBeamCookie(t *testing.T) {
	b := startBeam(t)
	conn := b.dial(t)
	defer conn.Close()
	local := b.local("thief@127.0.0.1", fullFlags)
	local.Cookie = "other"
	if _, err := Initiate(t.Context(), conn, local, b.name, nil); !errors.Is(err, ErrClosedAfterReply) {
		t.Errorf("wrong cookie: %v", err)
	}
	conn = b.dial(t)
	defer conn.Close()
	if _, err := Initiate(t.Context(), conn, b.local("x@127.0.0.1", fullFlags), "other@127.0.0.1", nil); !errors.Is(err, ErrNameMismatch) {
		t.Errorf("wrong name: %v", err)
	}
	conn = b.dial(t)
	defer conn.Close()
	_, err := Initiate(t.Context(), conn, b.local("x@127.0.0.1", fullFlags&^BigCreation&^Mandatory25Digest), b.name, nil)
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Status != StatusNotAllowed {
		t.Errorf("missing flag: %v", err)
	}
}

// TestBeamAlive connects a second time under the same name.
func TestBeamAlive(t *testing.T) {
	b := startBeam(t)
	first := b.connect(t, "twin@127.0.0.1", fullFlags, LinkOptions{})
	conn := b.dial(t)
	defer conn.Close()
	var refused *RefusedError
	if _, err := Initiate(t.Context(), conn, b.local("twin@127.0.0.1", fullFlags), b.name, nil); !errors.As(err, &refused) || refused.Status != StatusAlive {
		t.Errorf("not to be replaced: %v", err)
	}
	again := b.dial(t)
	defer again.Close()
	if _, err := Initiate(t.Context(), again, b.local("twin@127.0.0.1", fullFlags), b.name, func() bool { return true }); err != nil {
		t.Errorf("to be replaced: %v", err)
	}
	select {
	case <-first.Done():
	case <-time.After(10 * time.Second):
		t.Error("the first link was not ended")
	}
}

// syncBuffer is a buffer that a process writes and the test reads.
type syncBuffer struct {
	mu  sync.Mutex
	buf []byte
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf = append(b.buf, p...)
	return len(p), nil
}

func (b *syncBuffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buf)
}
