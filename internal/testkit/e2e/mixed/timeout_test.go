//go:build e2e

package mixed

import (
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
)

const leftOut = `.*member left out: it did not answer for its usage.*`

// FJ_RPC_TIMEOUT is how long a member has to say how loaded it is: one that is
// frozen for a moment is waited for by a patient node, and left out by another.
func TestRPCTimeout(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(w *world) (*testkit.Process, *testkit.Fjord, string){
		"Fjord": func(w *world) (*testkit.Process, *testkit.Fjord, string) {
			f := w.fjord("slow@localhost", "FJ_DIST_NODES", "f1@localhost f2@localhost")
			return f.Process, f, "slow:1"
		},
		"the original": func(w *world) (*testkit.Process, *testkit.Fjord, string) {
			d := w.double("slow@localhost", elixir.Fishjam, "f1@localhost", "f2@localhost")
			return d.Process, d.REST, d.Address
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			patient := w.fjord("f1@localhost", "FJ_RPC_TIMEOUT", "20s", "FJ_DIST_NODES", "f2@localhost")
			usual := w.fjord("f2@localhost", "FJ_DIST_NODES", "f1@localhost")
			testkit.WaitMesh(t, 3*time.Second, patient, usual)
			members(t, 3*time.Second, 2, patient, usual)
			roomOn(t, patient, "f1:1")
			roomOn(t, patient, "f2:1")
			process, slow, address := start(w) // it has the least
			testkit.WaitMesh(t, 5*time.Second, patient, usual, slow)
			members(t, 3*time.Second, 3, patient, usual)

			process.Signal(t, syscall.SIGSTOP)
			done := make(chan testkit.Room, 1)
			go func() {
				room, err := patient.PostRoom("")
				if err != nil {
					t.Errorf("POST /room: %v", err)
				}
				done <- room
			}()
			select { // longer than others wait
			case room := <-done:
				t.Fatalf("answered at once: %+v", room)
			case <-time.After(2 * time.Second):
			}
			process.Signal(t, syscall.SIGCONT)
			if room := <-done; room.Address != address {
				t.Errorf("the room is at %s, want %s", room.Address, address)
			}
			if lines := patient.Matches(leftOut); len(lines) != 0 {
				t.Errorf("the patient node says %q", lines)
			}

			process.Signal(t, syscall.SIGSTOP)
			if room := answers(t, usual); room.Address == address {
				t.Errorf("the room is at %s", room.Address)
			}
			process.Signal(t, syscall.SIGCONT)
			usual.WaitLog(t, time.Second, `node=slow@localhost .*member left out: it did not answer for its usage`)
		})
	}
}

// deaf is an address whose connections are taken and never answered.
type deaf struct{ calls atomic.Int32 }

func newDeaf(t *testing.T, w *world, name string) *deaf {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	d := &deaf{}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			d.calls.Add(1)
			defer func() { _ = conn.Close() }() // all at the end
		}
	}()
	mapper.Register(t, w.EPMDPort, name, l.Addr().(*net.TCPAddr).Port)
	return d
}

// FJ_DIST_CONNECT_TIMEOUT is how long an attempt lasts at a node that takes the
// connection and says nothing, which is what a frozen one does.
func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	quick, slow := newDeaf(t, w, "quick"), newDeaf(t, w, "slow")
	a := w.fjord("f1@localhost", "FJ_DIST_CONNECT_TIMEOUT", "300ms", "FJ_DIST_NODES", "quick@localhost")
	b := w.fjord("f2@localhost", "FJ_DIST_CONNECT_TIMEOUT", "2m", "FJ_DIST_NODES", "slow@localhost")
	testkit.Within(t, 8*time.Second, "the impatient node has tried three times", func() bool { return quick.calls.Load() >= 3 })
	if p := peerOf(a, "quick@localhost"); p.Reason != "dial_timeout" || p.Attempts < 2 {
		t.Errorf("the impatient node shows %+v", p)
	}
	if p := peerOf(b, "slow@localhost"); p.State != "dialling" || p.Attempts != 0 || slow.calls.Load() != 1 {
		t.Errorf("the patient node shows %+v after %d connections", p, slow.calls.Load())
	}
	for _, f := range []*testkit.Fjord{a, b} {
		answers(t, f) // neither is disturbed
	}
}

// The same where packets are swallowed on the way: each attempt ends, says why, and
// the node is found when the way is open.
func TestConnectTimeoutOfASilentHost(t *testing.T) {
	t.Parallel()
	lab := testkit.NewLab(t)
	all := hosts(lab, nil, "10.77.0.%d/24", 2)
	all[0].Cut(all[1])
	env := map[string]string{"FJ_DIST_NODES": "app@10.77.0.2", "FJ_DIST_CONNECT_TIMEOUT": "1"}
	a := on(t, all[0], "app", env).WaitUp(t)
	b := on(t, all[1], "app", map[string]string{"FJ_DIST_NODES": ""}).WaitUp(t)
	testkit.Within(t, 8*time.Second, "two attempts have ended", func() bool { return peerOf(a, "app@10.77.0.2").Attempts >= 2 })
	if p := peerOf(a, "app@10.77.0.2"); p.Reason != "epmd_timeout" {
		t.Errorf("shown: %+v", p)
	}
	if lines := a.Matches(`.*unable to connect to.*`); len(lines) == 0 || !strings.Contains(lines[0], "epmd_timeout") {
		t.Errorf("log: %q", lines)
	}
	answers(t, a)
	all[0].Mend()
	testkit.WaitMesh(t, 35*time.Second, a, b)
}
