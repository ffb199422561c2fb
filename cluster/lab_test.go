package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/room"
)

// lab is an EPMD of its own on loopback, for real nodes in this process.
type lab struct{ port int }

func newLab(t testing.TB) *lab {
	t.Helper()
	s := mapper.Start(t)
	return &lab{port: int(s.Port())}
}

// node starts a bare Erlang node.
func (l *lab) node(t testing.TB, name, cookie string) *node.Node {
	t.Helper()
	n, err := node.Start(t.Context(), node.Options{Name: name, Cookie: cookie, EPMD: node.EPMDExternal, EPMDPort: l.port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopNode(t, n) })
	return n
}

func stopNode(t testing.TB, n *node.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), slack*5*time.Second)
	defer cancel()
	if err := n.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// labNode is a whole Fjord node without HTTP.
type labNode struct {
	*Cluster
	name  string
	erl   *node.Node
	rooms *room.Local
	sys   *actor.System
	log   *logBook
	heard *ear
	hooks *ear // webhooks of rooms whose node died
	stop  func()
}

// ear keeps notifications.
type ear struct {
	mu  sync.Mutex
	all []Notification
}

func (e *ear) hear(n Notification) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, n)
}

// events gives those of a room as text: "RoomCreated f1@localhost own".
func (e *ear) events(id room.ID) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for _, n := range e.all {
		if n.Event == nil || n.Event.Room() != id {
			continue
		}
		text := strings.TrimPrefix(fmt.Sprintf("%T", n.Event), "room.") + " " + n.Origin
		if n.Own {
			text += " own"
		}
		list = append(list, text)
	}
	return list
}

// reports counts the metrics reports by origin.
func (e *ear) reports() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	counts := map[string]int{}
	for _, n := range e.all {
		if n.Event == nil {
			counts[n.Origin]++
		}
	}
	return counts
}

// fjord starts one whose list names others.
func (l *lab) fjord(t testing.TB, name, others string) *labNode {
	t.Helper()
	return l.fjordWith(t, name, others, func(*Options) {})
}

// fjordWith is fjord with further options.
func (l *lab) fjordWith(t testing.TB, name, others string, change func(*Options)) *labNode {
	t.Helper()
	x := &labNode{name: name, log: &logBook{}, heard: &ear{}, hooks: &ear{}, sys: newSystem(t)}
	x.erl = l.node(t, name, "cookie")
	bus := NewBus()
	bus.Subscribe(x.heard.hear)
	x.rooms = room.NewLocal(room.LocalOptions{Address: name + ":4000", System: x.sys, Events: bus.Publish})
	spec := x.rooms.SupervisorSpec()
	opts := Options{
		Node: x.erl, System: x.sys, Local: x.rooms, Rooms: &spec, Topology: TopologyNodesList, Address: name + ":4000",
		Version: "test", Logger: slog.New(x.log), Strategies: []Strategy{NewNodesList(others, name)}, Bus: bus,
		Orphan: func(url string, e room.Event) bool {
			x.hooks.hear(Notification{Event: e, Origin: url})
			return true
		},
	}
	change(&opts)
	c, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	x.Cluster = c
	var once sync.Once
	x.stop = func() {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), slack*5*time.Second)
			defer cancel()
			if err := c.Stop(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(x.stop)
	within(t, time.Second, name+" serves", func() bool { return c.server.ready() })
	return x
}

// fjords starts n nodes f1@localhost … of which each lists only the first, and
// waits until all know each other.
func (l *lab) fjords(t testing.TB, n int) []*labNode {
	t.Helper()
	return l.fjordsWith(t, n, func(*Options) {})
}

// fjordsWith is fjords with further options.
func (l *lab) fjordsWith(t testing.TB, n int, change func(*Options)) []*labNode {
	t.Helper()
	var all []*labNode
	for i := range n {
		all = append(all, l.fjordWith(t, fmt.Sprintf("f%d@localhost", i+1), "f1@localhost", change))
	}
	within(t, 5*time.Second, "full mesh", func() bool {
		for _, x := range all {
			if x.NodesInCluster() != n || x.fjordsKnown() != n-1 {
				return false
			}
		}
		return true
	})
	return all
}

func (x *labNode) fjordsKnown() (n int) {
	for _, m := range x.Members() {
		if m.Fjord {
			n++
		}
	}
	return n
}
