//go:build e2e

package mixed

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/elixir"
	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
)

// stopLimit is how long a node takes to end after SIGTERM, whatever the others do.
const stopLimit = 2 * time.Second

// SIGTERM ends a node in time in every state that it can be in, with status 0:
// `docker stop` and Ctrl-C behave.
func TestStopInEveryState(t *testing.T) {
	t.Parallel()
	for name, enter := range map[string]func(t *testing.T, w *world) *testkit.Fjord{
		"linked": func(t *testing.T, w *world) *testkit.Fjord {
			nodes := w.fjords([]string{"f1@localhost", "f2@localhost"})
			testkit.WaitMesh(t, 3*time.Second, nodes...)
			spread(t, nodes[1], 4)
			return nodes[1]
		},
		"no EPMD at the start": func(t *testing.T, w *world) *testkit.Fjord {
			w.EPMDPort = testkit.FreePorts(t, 1)[0]
			return w.waiting(t, "f1@localhost")
		},
		"EPMD frozen at the start": func(t *testing.T, w *world) *testkit.Fjord {
			w.mapper.Signal(t, syscall.SIGSTOP)
			return w.waiting(t, "f1@localhost")
		},
		"EPMD gone": func(t *testing.T, w *world) *testkit.Fjord {
			f := w.fjord("f1@localhost", "FJ_DIST_NODES", "f2@localhost")
			answers(t, f)
			w.mapper.Kill(t)
			return f
		},
		"EPMD frozen": func(t *testing.T, w *world) *testkit.Fjord {
			f := w.fjord("f1@localhost", "FJ_DIST_NODES", "f2@localhost")
			answers(t, f)
			w.mapper.Signal(t, syscall.SIGSTOP)
			return f
		},
		"EPMD restarted and frozen": func(t *testing.T, w *world) *testkit.Fjord {
			f := w.fjord("f1@localhost")
			w.mapper.Kill(t)
			w.startMapper()
			w.mapper.Signal(t, syscall.SIGSTOP)
			time.Sleep(500 * time.Millisecond) // it is registering again
			return f
		},
		"peers frozen": func(t *testing.T, w *world) *testkit.Fjord {
			nodes := w.fjords([]string{"f1@localhost", "f2@localhost"})
			d := w.double("d1@localhost", elixir.Fishjam, "f1@localhost", "f2@localhost")
			testkit.WaitMesh(t, 3*time.Second, nodes[0], nodes[1], d.REST)
			members(t, 3*time.Second, 3, nodes...)
			spread(t, nodes[0], 6)
			nodes[1].Signal(t, syscall.SIGSTOP)
			d.Signal(t, syscall.SIGSTOP)
			return nodes[0]
		},
		"a request for a frozen peer in hand": func(t *testing.T, w *world) *testkit.Fjord {
			nodes := w.fjords([]string{"f1@localhost", "f2@localhost"}, "FJ_ROOM_ROUTING", "transparent")
			testkit.WaitMesh(t, 3*time.Second, nodes...)
			members(t, 3*time.Second, 2, nodes...)
			id := roomOn(t, nodes[0], "f2:1")
			nodes[1].Signal(t, syscall.SIGSTOP)
			asked := make(chan struct{})
			go func() {
				defer close(asked)
				_, _, _ = nodes[0].Do("GET", "/room/"+id, "")
			}()
			t.Cleanup(func() { <-asked })
			time.Sleep(100 * time.Millisecond)
			return nodes[0]
		},
		"in the middle of a handshake": func(t *testing.T, w *world) *testkit.Fjord {
			peer := w.fjord("f2@localhost")
			peer.Signal(t, syscall.SIGSTOP)
			return w.fjord("f1@localhost", "FJ_DIST_NODES", "f2@localhost")
		},
		"waiting for others at the start": func(t *testing.T, w *world) *testkit.Fjord {
			return w.waiting(t, "f1@localhost", "FJ_DIST_STRATEGY_NAME", "STATIC", "FJ_DIST_SYNC_TIMEOUT", "60", "FJ_DIST_NODES", "f2@localhost")
		},
		"just started": func(t *testing.T, w *world) *testkit.Fjord {
			f := w.Node(t, "f1@localhost", "FJ_HOST", "f1:1")
			f.WaitLog(t, 5*time.Second, "Starting Fjord")
			return f
		},
		"listeners and webhooks that hang": func(t *testing.T, w *world) *testkit.Fjord {
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // nobody accepts
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			f := w.fjord("f1@localhost")
			listen(t, f)
			for range 3 {
				id := f.MustPostRoom(t, `{"webhookUrl":"http://`+l.Addr().String()+`/hook"}`).ID
				joins(t, f, id)
			}
			return f
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stops(t, enter(t, newWorld(t)))
		})
	}
}

// stops sends SIGTERM and waits for the end.
func stops(t *testing.T, f *testkit.Fjord) {
	t.Helper()
	f.Signal(t, syscall.SIGTERM)
	if code := f.WaitExit(t, stopLimit); code != 0 {
		t.Errorf("%s: ended with status %d", f.Name, code)
	}
}

// waiting starts a node that is not complete yet, and waits until it is busy.
func (w *world) waiting(t *testing.T, name string, more ...string) *testkit.Fjord {
	t.Helper()
	w.Env["ERL_EPMD_PORT"] = strings.TrimPrefix(w.EPMDEnv()[0], "ERL_EPMD_PORT=")
	f := w.Node(t, name, more...)
	f.WaitLog(t, 5*time.Second, "Running Fjord API")
	time.Sleep(300 * time.Millisecond)
	return f
}

// The same on a machine of its own, when packets get lost and names are not
// resolved.
func TestStopWithoutNetwork(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"name server away at the start": {"FJ_DIST_STRATEGY_NAME": "DNS", "FJ_DIST_QUERY": dnsName, "FJ_DIST_NODE_NAME": "app@host.example"},
		"name server away":              {"FJ_DIST_STRATEGY_NAME": "DNS", "FJ_DIST_QUERY": dnsName},
		"hosts that do not answer":      {"FJ_DIST_NODES": "app@10.77.0.2 app@10.77.0.3 app@host.example"},
		"EPMD that does not answer":     {"FJ_DIST_EPMD": "external", "ERL_EPMD_ADDRESS": "10.77.0.2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := testkit.NewLab(t)
			all := hosts(lab, nil, "10.77.0.%d/24", 3)
			all[0].SetResolver(all[1].Addr())
			all[0].Cut(all[1])
			all[0].Cut(all[2])
			f := on(t, all[0], "app", env)
			testkit.Within(t, 5*time.Second, "it has begun", func() bool { return all[0].Has(fmt.Sprint(f.Pid)) })
			time.Sleep(700 * time.Millisecond)
			stops(t, f)
		})
	}
}

// SIGTERM says goodbye to each peer with the word of its room, although some of
// them do not answer any more.
func TestStopTellsPeers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.fjord("f1@localhost")
	id := f.MustPostRoom(t, "").ID
	joins(t, f, id) // it does not read
	var peers []*sfupeer.Socket
	for range 20 {
		p, err := sfupeer.Enter(f.API, addPeer(t, f, id).token, sfupeer.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Leave)
		peers = append(peers, p)
	}
	stops(t, f)
	for i, p := range peers {
		<-p.Done // the node has ended
		if p.Code != 1000 || p.Reason != "Room stopped" {
			t.Errorf("peer %d: closed with %d %q", i, p.Code, p.Reason)
		}
	}
}
