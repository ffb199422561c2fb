package epmd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// header is the start of the answer to NAMES.
func header(port uint16) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(port)))
}

// TestClosedWithoutAnswer: what is closed and not answered.
func TestClosedWithoutAnswer(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	tests := map[string][]byte{
		"length 0":               {0, 0},
		"length 0 and more":      make([]byte, 10),
		"length 0, much more":    make([]byte, 5000),
		"too large":              packet(strings.Repeat("z", maxPacket-headerSize+1)),
		"much too large":         packet(strings.Repeat("z", 63000)),
		"more than the packet":   append(packet("n"), 'n'),
		"two packets":            append(packet("n"), packet("n")...),
		"unknown kind":           packet("?"),
		"small registration":     packet("x\x12\x67M\x00\x00\x06\x00\x05\x00\x00"),
		"extra runs past":        packet("x\x12\x67M\x00\x00\x05\x00\x05\x00\x05gurka\x00\x01"),
		"name runs past":         packet("x\x12\x67M\x00\x00\x05\x00\x05\xff\xffgurka"),
		"NUL in a name":          packet("x\x12\x67M\x00\x00\x05\x00\x05\x00\x03a\x00b\x00\x00"),
		"stop without relaxed":   packet("sfoo"),
		"look up no valid UTF-8": packet("z\xff"),
	}
	for name, request := range tests {
		if answer := s.exchange(request); len(answer) > 0 {
			t.Errorf("%s: answered %q", name, answer)
		}
	}
	if got := s.exchange(packet("n")); string(got) != header(s.Port()) {
		t.Errorf("NAMES afterwards: %q", got)
	}
	if stats := s.Stats(); stats.Malformed != uint64(len(tests)-1) || stats.Refused != 1 {
		t.Errorf("counted %d malformed, %d refused", stats.Malformed, stats.Refused)
	}
}

func TestRequestsInPieces(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	s.register("f1")
	want := appendPortReply(nil, s.names.find("f1"))
	request := packet("zf1")
	for cut := 1; cut < len(request); cut++ {
		conn := s.dial()
		for _, part := range [][]byte{request[:cut], request[cut:]} {
			if _, err := conn.Write(part); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond) // so that the parts travel apart
		}
		if got := readAll(t, conn); !bytes.Equal(got, want) {
			t.Errorf("cut at %d: % x", cut, got)
		}
	}
}

func TestRegisterLookupUnregister(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	conn, creation := s.register("f1")
	if creation < minCreation {
		t.Errorf("creation %d", creation)
	}
	want := "w\x00\x12\x67M\x00\x00\x06\x00\x06\x00\x02f1\x00\x00"
	if got := s.exchange(packet("zf1")); string(got) != want {
		t.Errorf("look up: %q", got)
	}
	if got := s.exchange(packet("zf2")); string(got) != "w\x01" {
		t.Errorf("look up f2: %q", got)
	}
	if got := s.exchange(packet("n")); string(got) != header(s.Port())+"name f1 at port 4711\n" {
		t.Errorf("names: %q", got)
	}
	conn.Close()
	s.untilGone("f1")
	again, next := s.register("f1")
	if next != creation+1 {
		t.Errorf("creation %d after %d", next, creation)
	}
	if _, err := again.Write([]byte{0}); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, again); len(got) != 0 {
		t.Errorf("after a byte on the registration: %q", got)
	}
	s.untilGone("f1")
}

func (s *serving) untilGone(name string) {
	s.t.Helper()
	for end := time.Now().Add(patience); s.names.find(name) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%s is still registered", name)
		}
	}
}

func TestRefusedRegistrationKeepsConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{PacketTimeout: time.Millisecond})
	s.register("f1")
	long := packet("x\x12\x67M\x00\x00\x05\x00\x05\x02\x58" + strings.Repeat("a", 600) + "\x00\x00")
	extra := packet("x\x12\x67M\x00\x00\x05\x00\x05\x00\x01b\x03\xfd" + strings.Repeat("e", 1021))
	tests := []struct {
		name    string
		request []byte
		want    string
	}{
		{"taken", aliveRequest("f1"), "v\x01\x00\x00\x00\x63"},
		{"not UTF-8", aliveRequest("\xff"), "v\x01\x00\x00\x00\x63"},
		{"600 characters", long, "y\x01\x00\x63"},
		{"extra of 1021 bytes", extra, "y\x01\x00\x63"},
	}
	for _, tt := range tests {
		conn := s.dial()
		if _, err := conn.Write(tt.request); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(tt.want))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != tt.want {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(got); !errors.Is(classify(err), ErrTimeout) {
			t.Errorf("%s: connection not kept: %v", tt.name, err)
		}
	}
	if s.names.find("f1") == nil {
		t.Error("f1 lost its registration")
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	gone, _ := s.register("old")
	gone.Close()
	s.untilGone("old")
	s.register("f1")
	got := string(s.exchange(packet("d")))
	var activeFD, oldFD int
	text := strings.ReplaceAll(strings.TrimPrefix(got, header(s.Port())), "\x00", "")
	if _, err := fmt.Sscanf(text, "active name     <f1> at port 4711, fd = %d\nold/unused name <old>, port = 4711, fd = %d \n",
		&activeFD, &oldFD); err != nil || activeFD < 3 || oldFD < 3 || strings.Count(got, "\n\x00") != 2 {
		t.Errorf("%q: %v", got, err)
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	conn, _ := s.register("f1")
	if got := s.exchange(packet("k")); string(got) != "NO" {
		t.Errorf("with a name: %q", got)
	}
	conn.Close()
	s.untilGone("f1")
	if got := s.exchange(packet("k")); string(got) != "OK" {
		t.Errorf("without a name: %q", got)
	}
	if err := s.stop(); !errors.Is(err, ErrKilled) {
		t.Errorf("Serve: %v", err)
	}
}

func TestRelaxed(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{Relaxed: true})
	conn, _ := s.register("f1")
	if got := s.exchange(packet("sf2")); string(got) != "NOEXIST" {
		t.Errorf("stop f2: %q", got)
	}
	if got := s.exchange(packet("sf1")); string(got) != "STOPPED" {
		t.Errorf("stop f1: %q", got)
	}
	if got := readAll(t, conn); len(got) != 0 {
		t.Errorf("stopped connection got %q", got)
	}
	s.register("f3")
	if got := s.exchange(packet("k")); string(got) != "OK" {
		t.Errorf("kill: %q", got)
	}
	if err := s.stop(); !errors.Is(err, ErrKilled) {
		t.Errorf("Serve: %v", err)
	}
}

// TestResetBeforeAnswer: a client that resets its connection before the answer
// to its registration is written leaves no name behind.
func TestResetBeforeAnswer(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{DelayWrite: 200 * time.Millisecond})
	conn := s.dial().(*net.TCPConn)
	if _, err := conn.Write(aliveRequest("f1")); err != nil {
		t.Fatal(err)
	}
	within(t, time.Second, "registered", func() bool { return s.names.find("f1") != nil })
	if err := conn.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	s.untilGone("f1")
}

// TestIdleConnections: a thousand clients that say nothing delay nobody.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	const idle = 1000
	for i := range idle {
		conn := s.dial()
		if i%2 == 0 { // the first half of a length
			if _, err := conn.Write([]byte{0}); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.register("f1")
	entry, err := s.client().Lookup(t.Context(), loopbacks()[0], "f1")
	if err != nil || entry.Port != 4711 {
		t.Fatalf("%+v, %v", entry, err)
	}
	// The kernel may keep those back for a while of which nothing was heard.
	within(t, 3*time.Second, "all are accepted", func() bool { return s.Stats().Connections > idle })
}

func TestManyNames(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	want := make([]NameEntry, 300)
	for i := range want {
		name := fmt.Sprintf("foo%d", i)
		s.register(name)
		want[len(want)-1-i] = NameEntry{Name: name, Port: 4711}
	}
	port, got, err := s.client().Names(t.Context(), loopbacks()[0])
	if err != nil || port != s.Port() {
		t.Fatalf("port %d, %v", port, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, s.Names()); diff != "" {
		t.Error(diff)
	}
	stats := s.Stats()
	if stats.Registered != 300 || stats.Requests[KindAlive] != 300 || stats.Requests[KindNames] != 1 {
		t.Errorf("%+v", stats)
	}
}

func TestBothProtocols(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	s.register("f1")
	for _, host := range loopbacks() {
		if _, err := s.client().Lookup(t.Context(), host, "f1"); err != nil {
			t.Error(err)
		}
	}
}

// TestServeEnds: ending the server closes every connection and the port.
func TestServeEnds(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{})
	registered, _ := s.register("f1")
	idle := s.dial()
	within(t, 3*time.Second, "accepted", func() bool { return s.Stats().Connections == 2 })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, conn := range []net.Conn{registered, idle} {
		if got := readAll(t, conn); len(got) != 0 {
			t.Errorf("got %q", got)
		}
	}
	if err := s.stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := s.client().Lookup(t.Context(), loopbacks()[0], "f1"); !errors.Is(err, ErrRefused) {
		t.Errorf("look up: %v", err)
	}
	if err := s.Serve(t.Context()); err == nil {
		t.Error("a closed server serves")
	}
}

func TestDelayAccept(t *testing.T) {
	t.Parallel()
	s := serve(t, 0, ServerOptions{DelayAccept: 20 * time.Millisecond})
	if _, _, err := s.client().Names(t.Context(), netip.Addr{}); err != nil {
		t.Error(err)
	}
}
