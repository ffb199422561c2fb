package pubsub_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/internal/lab"
	"github.com/fjord-media/fjord/node/pubsub"
)

func TestBroadcast(t *testing.T) {
	a, b := two(t, pubsub.Options{})
	here, there, other := a.subscribe(t, "room:1"), b.subscribe(t, "room:1"), b.subscribe(t, "room:2")
	check(t, a.Broadcast("room:1", etf.Atom("one")))
	check(t, a.Broadcast("room:1", etf.Atom("two"), pubsub.Except(here.Subscription)))
	check(t, a.LocalBroadcast("room:1", etf.Atom("three")))
	check(t, a.Broadcast("room:2", etf.Atom("four"), pubsub.Via(pubsub.ChannelDispatcher)))
	here.expect(t, "one from a@localhost", "three from a@localhost")
	there.expect(t, "one from a@localhost", "two from a@localhost")
	other.expect(t, "four from a@localhost by "+string(pubsub.ChannelDispatcher))
	there.Cancel()
	check(t, a.Broadcast("room:1", etf.Atom("five")))
	here.expect(t, "one from a@localhost", "three from a@localhost", "five from a@localhost")
	there.expect(t, "one from a@localhost", "two from a@localhost")
	if s := a.Stats(); s.Subscribers != 1 || len(s.Peers) != 1 || s.Peers[0].Node != "b@localhost" || s.Peers[0].Dropped != 0 {
		t.Errorf("%+v", s)
	}
}

func TestDirectBroadcast(t *testing.T) {
	a, b := two(t, pubsub.Options{})
	here, there := a.subscribe(t, "x"), b.subscribe(t, "x")
	check(t, a.DirectBroadcast("b@localhost", "x", etf.Atom("one")))
	check(t, a.DirectBroadcast("a@localhost", "x", etf.Atom("two")))
	there.expect(t, "one from a@localhost")
	here.expect(t, "two from a@localhost")
	want(t, a.DirectBroadcast("c@localhost", "x", etf.Atom("three")), node.ErrNoConnection)
}

// TestOrder: what one node broadcasts arrives in order and complete.
func TestOrder(t *testing.T) {
	a, b := two(t, pubsub.Options{Queue: 5000})
	there := b.subscribe(t, "x")
	var list []string
	for i := range 2000 {
		check(t, a.Broadcast("x", i))
		list = append(list, fmt.Sprintf("%d from a@localhost", i))
	}
	there.expect(t, list...)
}

// TestPool: what comes by any group of the pool arrives, once.
func TestPool(t *testing.T) {
	a, b := two(t, pubsub.Options{PoolSize: 3})
	there := b.subscribe(t, "x")
	p, err := a.node.Mailbox("", 0)
	check(t, err)
	t.Cleanup(p.Close)
	var list []string
	for i, g := range []etf.Atom{group, group + "_2", group + "_3"} {
		lab.Within(t, limit, "the pool is known", func() bool { return len(a.scope.Members(g)) == 2 })
		for _, pid := range a.scope.Members(g) {
			if pid.Node == "b@localhost" {
				check(t, p.Send(t.Context(), pid, etf.Tuple{etf.Atom("forward_to_local"), []byte("x"), i, pubsub.Dispatcher}))
			}
		}
		list = append(list, fmt.Sprintf("%d from a@localhost", i))
		there.expect(t, list...)
	}
}

// TestLink: after a loss of the link broadcasts arrive again.
func TestLink(t *testing.T) {
	a, b := two(t, pubsub.Options{})
	there := b.subscribe(t, "x")
	a.node.Disconnect("b@localhost", node.ErrClosedByPeer)
	a.members(t, 1)
	check(t, a.Broadcast("x", etf.Atom("lost")))
	b.members(t, 1)
	lab.Connect(t, a.node, b.node)
	a.members(t, 2)
	check(t, a.Broadcast("x", etf.Atom("found")))
	there.expect(t, "found from a@localhost")
}

func TestSlow(t *testing.T) {
	a, b := two(t, pubsub.Options{})
	other := b.subscribe(t, "x", pubsub.Queue(100))
	hold, ended := make(chan struct{}), make(chan error, 1)
	slow, err := b.Subscribe("x", func(pubsub.Message) { <-hold }, pubsub.Queue(2), pubsub.OnEnd(func(err error) { ended <- err }))
	check(t, err)
	var list []string
	for i := range 20 {
		check(t, a.Broadcast("x", i))
		list = append(list, fmt.Sprintf("%d from a@localhost", i))
	}
	other.expect(t, list...)
	close(hold)
	<-slow.Done()
	want(t, slow.Err(), pubsub.ErrSlow)
	want(t, <-ended, pubsub.ErrSlow)
	if n := b.Stats().CutOff; n != 1 {
		t.Errorf("%d cut off", n)
	}
}

func TestPanic(t *testing.T) {
	a, _ := two(t, pubsub.Options{})
	sub, err := a.Subscribe("x", func(pubsub.Message) { panic("boom") })
	check(t, err)
	check(t, a.Broadcast("x", 1))
	<-sub.Done()
	want(t, sub.Err(), pubsub.ErrPanicked)
}

func TestStop(t *testing.T) {
	a, b := two(t, pubsub.Options{})
	sub := a.subscribe(t, "x")
	lab.Stop(t, "pubsub", a.Stop)
	<-sub.Done()
	want(t, sub.Err(), pubsub.ErrStopped)
	want(t, a.Broadcast("x", 1), pubsub.ErrStopped)
	want(t, a.LocalBroadcast("x", 1), pubsub.ErrStopped)
	want(t, a.DirectBroadcast("b@localhost", "x", 1), pubsub.ErrStopped)
	_, err := a.Subscribe("x", func(pubsub.Message) {})
	want(t, err, pubsub.ErrStopped)
	b.members(t, 1) // others send it nothing more
}

func TestErrors(t *testing.T) {
	a, _ := two(t, pubsub.Options{})
	_, err := pubsub.Start(a.scope, pubsub.Options{Name: "Chat.PubSub"})
	want(t, err, node.ErrNameTaken)
	_, err = pubsub.Start(a.scope, pubsub.Options{})
	want(t, err, pubsub.ErrBadName)
	want(t, a.Broadcast("x", make(chan int)), pubsub.ErrBadMessage)
	second, err := pubsub.Start(a.scope, pubsub.Options{Name: "Other"}) // shares the scope
	check(t, err)
	lab.Stop(t, "second", second.Stop)
}

// TestGarbage: what is no message of a PubSub does no harm; calls are answered.
func TestGarbage(t *testing.T) {
	a, b := two(t, pubsub.Options{})
	there := b.subscribe(t, "x")
	p, err := a.node.Mailbox("", 0)
	check(t, err)
	t.Cleanup(p.Close)
	forward := etf.Atom("forward_to_local")
	for _, msg := range []etf.Term{
		1, etf.Tuple{}, etf.Tuple{forward}, etf.Tuple{forward, 1, 2, 3}, etf.Tuple{forward, []byte("x"), 1, 2},
		etf.Tuple{forward, etf.List{}, 1, pubsub.Dispatcher}, etf.Tuple{forward, []byte("x"), 1, pubsub.Dispatcher, 5},
		etf.Tuple{forward, []byte("x"), etf.Atom("good"), pubsub.Dispatcher},
	} {
		check(t, p.Send(t.Context(), etf.Tuple{group, etf.Atom("b@localhost")}, msg))
	}
	there.expect(t, "good from a@localhost")
	answer, err := a.node.GenCall(t.Context(), "b@localhost", string(group), etf.Atom("what"))
	check(t, err)
	if got := etf.String(answer); got != "{error,notsup}" {
		t.Error(got)
	}
}

// TestFlush: after it, everything has been handed on; a peer that too much waits
// for, and one that is gone, are not waited for.
func TestFlush(t *testing.T) {
	a, b := two(t, pubsub.Options{})
	check(t, a.Flush(t.Context(), 100)) // nothing yet
	for i := range 500 {
		check(t, a.Broadcast("x", i))
		if i%5 != 0 {
			continue
		}
		check(t, a.Flush(t.Context(), 100))
		if s := a.Stats().Peers; len(s) != 1 || s[0].Sent != uint64(i+1) || s[0].Waiting != 0 {
			t.Fatalf("after %d messages: %+v", i+1, s)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	check(t, a.Flush(over, -1))
	for range 100 {
		check(t, a.Broadcast("x", etf.Atom("last")))
	}
	flushed := make(chan error, 1)
	go func() { flushed <- a.Flush(t.Context(), 100) }()
	a.node.Disconnect(b.node.Name(), node.ErrClosedByPeer)
	check(t, <-flushed)
}
