package global

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/internal/lab"
)

func TestThreeNodes(t *testing.T) {
	l := lab.New(t)
	a, b, c := startNode(t, l, "a@localhost"), startNode(t, l, "b@localhost"), startNode(t, l, "c@localhost")
	connect(t, a, "b@localhost")
	a.sync(t)
	b.sync(t)
	p := process(t, a)
	if err := a.global.Register(t.Context(), atom("x"), p.Pid(), ""); err != nil {
		t.Fatal(err)
	}
	if pid, ok := b.global.Whereis(atom("x")); !ok || pid != p.Pid() {
		t.Fatal(pid, ok)
	}
	connect(t, c, "b@localhost")
	c.sync(t)
	lab.Within(t, 5*time.Second, "the mesh is complete", func() bool {
		return len(a.Nodes()) == 2 && len(c.global.Known()) == 2 && len(a.global.Known()) == 2 && len(c.global.Synced()) == 2
	})
	if pid, ok := c.global.Whereis(atom("x")); !ok || pid != p.Pid() {
		t.Fatal(pid, ok)
	}
	if err := c.global.Register(t.Context(), atom("x"), process(t, c).Pid(), ""); !errors.Is(err, ErrNameTaken) {
		t.Fatal(err)
	}
	if err := c.global.Register(t.Context(), atom("y"), p.Pid(), ""); !errors.Is(err, ErrPidNamed) {
		t.Fatal(err)
	}
	q := process(t, c)
	if err := c.global.ReRegister(t.Context(), atom("x"), q.Pid(), ""); err != nil {
		t.Fatal(err)
	}
	if pid, ok := a.global.Whereis(atom("x")); !ok || pid != q.Pid() {
		t.Fatal(pid, ok)
	}
	q.Close()
	for _, n := range []*testNode{a, b, c} {
		lab.Within(t, time.Second, "the name is gone", func() bool { return len(n.global.Names()) == 0 })
	}
	if got := c.global.Synced(); !slices.Equal(got, []string{"a@localhost", "b@localhost"}) {
		t.Fatal(got)
	}
}
