package pubsub_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pg"
	"github.com/fjord-media/fjord/node/pubsub"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	limit = 2 * time.Second
	group = etf.Atom("Elixir.Chat.PubSub.Adapter")
)

// site is a node with a scope and a PubSub.
type site struct {
	*pubsub.PubSub
	node  *node.Node
	scope *pg.Scope
}

func startSite(t testing.TB, l *lab.Lab, name string, o pubsub.Options) *site {
	t.Helper()
	n := l.Start(t, name)
	scope, err := pg.Start(n, pubsub.Scope)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lab.Stop(t, "scope", scope.Stop) })
	o.Name = "Chat.PubSub"
	ps, err := pubsub.Start(scope, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lab.Stop(t, "pubsub", ps.Stop) })
	return &site{PubSub: ps, node: n, scope: scope}
}

// two starts two sites that know each other.
func two(t testing.TB, o pubsub.Options) (a, b *site) {
	t.Helper()
	l := lab.New(t)
	a, b = startSite(t, l, "a@localhost", o), startSite(t, l, "b@localhost", o)
	lab.Connect(t, a.node, b.node)
	for _, s := range []*site{a, b} {
		s.members(t, 2)
	}
	return a, b
}

// members waits until the first group has so many workers.
func (s *site) members(t testing.TB, n int) {
	t.Helper()
	lab.Within(t, limit, "workers are known", func() bool { return len(s.scope.Members(group)) == n })
}

// inbox is what a subscriber got, printed.
type inbox struct {
	*pubsub.Subscription
	mu   sync.Mutex
	list []string
}

func (s *site) subscribe(t testing.TB, topic string, opts ...pubsub.SubscribeOption) *inbox {
	t.Helper()
	in := &inbox{}
	sub, err := s.Subscribe(topic, func(m pubsub.Message) {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.list = append(in.list, etf.String(m.Term)+" from "+m.Node+" by "+string(m.Dispatcher))
	}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	in.Subscription = sub
	return in
}

func (in *inbox) all() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.list)
}

// expect waits until exactly these messages are there, each printed without its
// dispatcher when that is the usual one.
func (in *inbox) expect(t testing.TB, want ...string) {
	t.Helper()
	var got []string
	for begin := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		got = in.all()
		for i := range got {
			got[i] = strings.TrimSuffix(got[i], " by "+string(pubsub.Dispatcher))
		}
		if slices.Equal(got, want) {
			return
		}
		if time.Since(begin) > lab.Slack*limit {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error %v, want %v", got, want)
	}
}
