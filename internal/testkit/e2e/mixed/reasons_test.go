//go:build e2e

package mixed

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
)

// Scenario 8: whatever keeps a node from being linked has its word: in the log,
// in GET /cluster and for fjord check --peers, which then exits with 1.
func TestReasonsAreShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		peer, reason string
		prepare      func(t *testing.T, w *world)
	}{
		"wrong cookie of Fjord": {"b@localhost", "cookie_mismatch", func(_ *testing.T, w *world) {
			w.fjord("b@localhost", "FJ_DIST_COOKIE", "another")
		}},
		"wrong cookie of the original": {"b@localhost", "cookie_mismatch", func(t *testing.T, w *world) {
			o := w.options("b@localhost", elixir.Fishjam)
			o.Cookie = "another"
			elixir.Start(t, o)
		}},
		"long names": {"b@127.0.0.1", "name_kind", func(*testing.T, *world) {}},
		"OTP too old": {"b@localhost", "flags_missing", func(t *testing.T, w *world) {
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			go mapper.Ancient(l)
			mapper.Register(t, w.EPMDPort, "b", l.Addr().(*net.TCPAddr).Port)
		}},
		"not registered": {"b@localhost", "not_registered", func(*testing.T, *world) {}},
		"dial refused": {"b@localhost", "dial_refused", func(t *testing.T, w *world) {
			mapper.Register(t, w.EPMDPort, "b", testkit.FreePorts(t, 1)[0])
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.prepare(t, w)
			a := w.fjord("a@localhost", "FJ_DIST_NODES", c.peer)
			a.WaitLog(t, 8*time.Second, `\[warning\] \[libcluster:epmd_cluster\] unable to connect to :"?`+c.peer+`"?: `+c.reason)
			testkit.Within(t, time.Second, "the reason is shown", func() bool { return peerOf(a, c.peer).Reason == c.reason })
			peer := peerOf(a, c.peer)
			if peer.State == "up" || peer.Since == nil || peer.Detail == "" || peer.Attempts == 0 || !peer.Wanted {
				t.Errorf("shown: %+v", peer)
			}
			code, out := check(t, a)
			if code != 1 || !strings.Contains(out, c.peer) || !strings.Contains(out, c.reason) {
				t.Errorf("fjord check --peers: code %d\n%s", code, out)
			}
			answers(t, a)
		})
	}
}

// A name that is taken ends the second node; the first is not disturbed.
func TestNameTakenByTheOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.double("a@localhost", elixir.Fishjam)
	f := w.Node(t, "a@localhost")
	if code := f.WaitExit(t, 3*time.Second); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	f.WaitLog(t, time.Second, `a@localhost`)
	d.REST.MustPostRoom(t, "")
}

// fjord check --peers is content when all are linked.
func TestCheckPeers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.double("b@localhost", elixir.Fishjam)
	a := w.fjord("a@localhost", "FJ_DIST_NODES", "b@localhost")
	testkit.WaitMesh(t, 3*time.Second, a, d.REST)
	members(t, 3*time.Second, 2, a)
	code, out := check(t, a)
	if code != 0 || !strings.Contains(out, "fishjam-0.6") {
		t.Errorf("fjord check --peers: code %d\n%s", code, out)
	}
	t.Log(out)
}

// check runs fjord check --peers beside a node.
func check(t *testing.T, f *testkit.Fjord) (code int, out string) {
	t.Helper()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(f.API, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	p := testkit.Start(t, testkit.Command{
		Name: "fjord check", Path: testkit.Binary(t), Args: []string{"check", "--peers"},
		Env: []string{"FJ_PORT=" + port, "FJ_SERVER_API_TOKEN=" + testkit.Token},
	})
	return p.WaitExit(t, 3*time.Second), p.Log()
}
