package pg_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pg"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const limit = 2 * time.Second

// start starts a scope that ends with the test.
func start(t testing.TB, n *node.Node, name string) *pg.Scope {
	t.Helper()
	s, err := pg.Start(n, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lab.Stop(t, "scope "+name, s.Stop) })
	return s
}

func spawn(t testing.TB, n *node.Node) *node.Process {
	t.Helper()
	p, err := n.Spawn("", node.Callbacks{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func join(t testing.TB, s *pg.Scope, group etf.Term, pids ...etf.Pid) {
	t.Helper()
	if err := s.Join(group, pids...); err != nil {
		t.Fatal(err)
	}
}

// members prints the members of a group in a comparable way.
func members(s *pg.Scope, group etf.Term) string { return printed(s.Members(group)) }

func printed(pids []etf.Pid) string {
	var list []string
	for _, pid := range pids {
		list = append(list, fmt.Sprintf("%s%s", pid.Node, etf.String(pid)))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// expect waits until a scope has exactly these members in a group.
func expect(t testing.TB, s *pg.Scope, group etf.Term, pids ...etf.Pid) {
	t.Helper()
	want := printed(pids)
	var got string
	begin := time.Now()
	for got = members(s, group); got != want; got = members(s, group) {
		if time.Since(begin) > lab.Slack*limit {
			t.Fatalf("%s on %s: group %s is %q, want %q", s.Name(), s.Node().Name(), etf.String(group), got, want)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// one prints a pid as members does.
func one(pid etf.Pid) string { return printed([]etf.Pid{pid}) }

// events collects what a monitor tells.
type events struct {
	mu   sync.Mutex
	list []string
}

func (e *events) add(x pg.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	what := "leave "
	if x.Joined {
		what = "join "
	}
	if x.Err != nil {
		what = x.Err.Error()
	}
	e.list = append(e.list, what+etf.String(x.Group)+" "+printed(x.Pids))
}

func (e *events) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.list)
}

func (e *events) expect(t testing.TB, want ...string) {
	t.Helper()
	lab.Within(t, limit, "events "+strings.Join(want, ", "), func() bool { return len(e.all()) >= len(want) })
	if got := e.all(); !slices.Equal(got, want) {
		t.Errorf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// fake is a scripted scope: a mailbox on a node of its own, registered under the
// scope's name.
type fake struct {
	*node.Mailbox
	node *node.Node
}

func newFake(t testing.TB, n *node.Node, name string) *fake {
	t.Helper()
	m, err := n.Mailbox(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return &fake{m, n}
}

// next is the next thing that came, printed.
func (f *fake) next(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lab.Slack*limit)
	defer cancel()
	item, err := f.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	switch x := item.(type) {
	case node.Message:
		return etf.String(x.Term)
	case node.DownSignal:
		return "DOWN " + etf.String(x.Reason)
	}
	return "?"
}

func (f *fake) expect(t testing.TB, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := f.next(t); got != w {
			t.Fatalf("came %s\nwant %s", got, w)
		}
	}
}

// send sends to the real scope.
func (f *fake) send(t testing.TB, to etf.Term, msg ...etf.Term) {
	t.Helper()
	if err := f.Send(t.Context(), to, etf.Tuple(msg)); err != nil {
		t.Fatal(err)
	}
}

func str(t etf.Term) string { return etf.String(t) }

func tuple(t ...etf.Term) etf.Term { return etf.Tuple(t) }

func cast(t etf.Term) etf.Term { return tuple(etf.Atom("$gen_cast"), t) }

func atom(s string) etf.Atom { return etf.Atom(s) }
