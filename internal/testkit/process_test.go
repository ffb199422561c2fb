package testkit

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestProcessOutputAndEnd(t *testing.T) {
	p := Start(t, Command{Path: "sh", Args: []string{"-c", `echo "hello $NAME"; echo oops >&2; exit 3`}, Env: []string{"NAME=you"}})
	p.WaitLog(t, time.Second, `^hello you\n`)
	if code := p.WaitExit(t, time.Second); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if got := p.Matches("o+ps"); len(got) != 1 {
		t.Errorf("matches %q in %q", got, p.Log())
	}
}

func TestStopEndsAFrozenProcess(t *testing.T) {
	p := Start(t, Command{Path: "sleep", Args: []string{"60"}})
	p.Signal(t, syscall.SIGSTOP)
	p.Stop(t)
	if !p.Exited() {
		t.Error("still running")
	}
}

func TestAnOrphanThatKeepsTheOutputDelaysNobody(t *testing.T) {
	p := Start(t, Command{Path: "sh", Args: []string{"-c", "sleep 5 & echo $!"}})
	p.WaitExit(t, time.Second)
	var orphan int
	if _, err := fmt.Sscan(p.Log(), &orphan); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(orphan, syscall.SIGKILL)
}

func TestListening(t *testing.T) {
	l4, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l4.Close()
	l6, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l6.Close()
	u, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	want := map[string]bool{"tcp " + l4.Addr().String(): true, "tcp " + l6.Addr().String(): true, "udp " + u.LocalAddr().String(): true}
	for _, s := range Listening(t, os.Getpid()) {
		if !want[s] {
			t.Errorf("unexpected %s", s)
		}
		delete(want, s)
	}
	for s := range want {
		t.Errorf("missing %s", s)
	}
}

func TestFreePortsDiffer(t *testing.T) {
	seen := map[int]bool{}
	for _, p := range FreePorts(t, 8) {
		if seen[p] {
			t.Errorf("port %d twice", p)
		}
		seen[p] = true
	}
}
