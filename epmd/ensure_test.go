package epmd

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func ensure(t *testing.T, opts EnsureOptions) *Mapper {
	t.Helper()
	m, err := Ensure(t.Context(), newGroup(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func answers(port uint16) bool {
	_, _, err := (&Client{Port: port}).Names(context.Background(), netip.Addr{})
	return err == nil
}

func TestParseMode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Mode{
		"": ModeAuto, "auto": ModeAuto, "embedded": ModeEmbedded, "external": ModeExternal, "off": ModeOff,
	} {
		if got, err := ParseMode(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"AUTO", "on", " auto"} {
		if _, err := ParseMode(text); err == nil {
			t.Errorf("%q accepted", text)
		}
		if _, err := Ensure(t.Context(), newGroup(t), EnsureOptions{Mode: Mode(text)}); err == nil {
			t.Errorf("Ensure accepts mode %q", text)
		}
	}
}

func TestEnsureOff(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	if m := ensure(t, EnsureOptions{Mode: ModeOff, Port: port}); m.Server() != nil || answers(port) {
		t.Error("something serves")
	}
}

func TestEnsureExternal(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // enough for one question
	defer cancel()
	_, err := Ensure(ctx, newGroup(t), EnsureOptions{Mode: ModeExternal, Port: port})
	if !errors.Is(err, ErrRefused) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("none answers: %v", err)
	}
	done := make(chan error, 1)
	group := newGroup(t)
	go func() {
		_, err := Ensure(t.Context(), group, EnsureOptions{Mode: ModeExternal, Port: port})
		done <- err
	}()
	time.Sleep(20 * time.Millisecond) // so that it finds none at first
	serve(t, port, ServerOptions{})
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("the EPMD that came later was not noticed")
	}
}

// TestEnsureEmbeddedTakeOver: two embedded servers share a port; when the one
// that serves ends, the other one does, and nodes register with it.
func TestEnsureEmbeddedTakeOver(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	opts := EnsureOptions{Mode: ModeEmbedded, Port: port, Address: "127.0.0.1"}
	group := newGroup(t)
	first, err := Ensure(t.Context(), group, opts)
	if err != nil {
		t.Fatal(err)
	}
	second := ensure(t, opts)
	if first.Server() == nil || second.Server() != nil {
		t.Fatal("not the first one serves")
	}
	keepers := newGroup(t)
	k, err := Keep(keepers, &Client{Port: port}, Registration{Name: "f1", Port: 9000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	group.Stop()
	within(t, 2*time.Second, "taken over", func() bool { return second.Server() != nil && answers(port) })
	within(t, 5*time.Second, "registered again", func() bool {
		_, err := (&Client{Port: port}).Lookup(t.Context(), loopbacks()[0], "f1")
		return err == nil && k.Registered()
	})
	if first.Server() != nil {
		t.Error("the first one still has a server")
	}
}

// TestEnsureEmbeddedKilled: an embedded server that was killed comes back.
func TestEnsureEmbeddedKilled(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	m := ensure(t, EnsureOptions{Mode: ModeEmbedded, Port: port, Address: "127.0.0.1"})
	var out bytes.Buffer
	if code := Main([]string{"-port", strconv.Itoa(int(port)), "-kill"}, &out, &out, noEnv); code != 0 {
		t.Fatalf("kill: %d, %s", code, &out)
	}
	within(t, 2*time.Second, "serves again", func() bool { return m.Server() != nil && answers(port) })
}

// TestEnsureImpostor: something else on the port is an error, not an EPMD.
func TestEnsureImpostor(t *testing.T) {
	t.Parallel()
	c := impostor(t, func(conn net.Conn) { says("HTTP/1.1 400 Bad Request\r\n")(conn) })
	for _, mode := range []Mode{ModeAuto, ModeEmbedded} {
		_, err := Ensure(t.Context(), newGroup(t), EnsureOptions{Mode: mode, Port: c.Port, Address: "127.0.0.1"})
		if !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// TestEnsureAuto: a process of its own, named epmd, detached, that outlives
// the group that started it.
func TestEnsureAuto(t *testing.T) {
	t.Setenv("FJ_SECRET", "not for others")
	port := freePort(t)
	inherited, err := os.Create(filepath.Join(t.TempDir(), "inherited"))
	if err != nil {
		t.Fatal(err)
	}
	defer inherited.Close()
	leaked, err := syscall.Dup(int(inherited.Fd())) // without close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(leaked)

	group := newGroup(t)
	opts := EnsureOptions{Mode: ModeAuto, Port: port, Address: "127.0.0.1"}
	m, err := Ensure(t.Context(), group, opts)
	if err != nil {
		t.Fatal(err)
	}
	pid := m.pid
	t.Cleanup(func() { endDaemon(t, m, pid) })
	checkDaemon(t, pid, inherited.Name())
	if second := ensure(t, opts); second.pid != 0 {
		t.Error("a second process was started")
	}
	group.Stop()
	if err := group.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !answers(port) {
		t.Error("it ended with the group")
	}
}

// endDaemon ends the process and checks that it can be collected.
func endDaemon(t *testing.T, m *Mapper, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	within(t, 5*time.Second, "ended", func() bool {
		_, ended := m.reap()
		return ended
	})
}

func checkDaemon(t *testing.T, pid int, inherited string) {
	t.Helper()
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(proc, name))
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	if got := read("comm"); got != "epmd\n" {
		t.Errorf("name %q", got)
	}
	if got := read("cmdline"); !strings.HasPrefix(got, "epmd\x00-daemon\x00") {
		t.Errorf("command line %q", got)
	}
	if strings.Contains(read("environ"), "FJ_SECRET") {
		t.Error("our environment went to the process")
	}
	if cwd, err := os.Readlink(filepath.Join(proc, "cwd")); err != nil || cwd != "/" {
		t.Errorf("working folder %q, %v", cwd, err)
	}
	sid, _, errno := syscall.Syscall(syscall.SYS_GETSID, uintptr(pid), 0, 0)
	if errno != 0 || int(sid) != pid {
		t.Errorf("session %d, %v", sid, errno)
	}
	entries, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		link, _ := os.Readlink(filepath.Join(proc, "fd", entry.Name()))
		if fd, _ := strconv.Atoi(entry.Name()); (fd <= 2) != (link == "/dev/null") || link == inherited {
			t.Errorf("descriptor %s is %s", entry.Name(), link)
		}
	}
}

// TestEnsureAutoRevives: an EPMD that disappears is replaced.
func TestEnsureAutoRevives(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	s := serve(t, port, ServerOptions{})
	group := newGroup(t)
	m, err := Ensure(t.Context(), group, EnsureOptions{Mode: ModeAuto, Port: port, Address: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	within(t, 2*daemonSilent*daemonCheck, "replaced", func() bool { return answers(port) })
	group.Stop()
	if err := group.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	endDaemon(t, m, m.pid)
}

// TestEnsureAutoFails: a program that is no epmd is not waited for.
func TestEnsureAutoFails(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"/bin/false", "/no/such/program"} {
		_, err := Ensure(t.Context(), newGroup(t), EnsureOptions{Port: freePort(t), Executable: program})
		if err == nil || !strings.Contains(err.Error(), "start epmd") {
			t.Errorf("%s: %v", program, err)
		}
	}
}

// TestEnsureElsewhere: the port is taken on another address only, so that it
// can neither be served nor be asked.
func TestEnsureElsewhere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.9:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	_, err = Ensure(t.Context(), newGroup(t), EnsureOptions{Mode: ModeEmbedded, Port: port})
	if !errors.Is(err, ErrInUse) || !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

// TestNoChainOfPrograms: a program that was started as epmd and starts a node
// instead does not start itself again.
func TestNoChainOfPrograms(t *testing.T) {
	_, err := spawnDetached("/bin/false", nil, func(name string) string {
		if name == detachedEnv {
			return "1"
		}
		return ""
	})
	if !errors.Is(err, errNoMain) {
		t.Errorf("got %v", err)
	}
}
