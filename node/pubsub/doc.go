// Package pubsub speaks Phoenix.PubSub (2.x, adapter PG2) with the nodes of a
// cluster: what an Elixir process broadcasts on a topic reaches subscribers here,
// and what is broadcast here reaches subscribers there.
//
//	scope, err := pg.Start(n, pubsub.Scope)
//	…
//	ps, err := pubsub.Start(scope, pubsub.Options{Name: "Chat.PubSub"})
//	…
//	sub, err := ps.Subscribe("room:1", func(m pubsub.Message) { … })
//	err = ps.Broadcast("room:1", etf.Tuple{etf.Atom("shout"), "hello"})
//
// is, on an Elixir node, Phoenix.PubSub.subscribe(Chat.PubSub, "room:1") and
// Phoenix.PubSub.broadcast(Chat.PubSub, "room:1", {:shout, "hello"}).
//
// # The protocol
//
// Every node has one worker process per member of the pool, in the pg group
// Name.Adapter (Name.Adapter_2, … for the others) of the scope Phoenix.PubSub,
// and registered under the group's name. A broadcast is one message
// {forward_to_local, Topic, Message, Dispatcher} to the worker of each other
// node; the worker gives Message to its node's subscribers. The sender picks
// one group of the pool, so a node should have at least as large a pool as any
// that broadcasts to it. This package sends by the first group, which all pools
// have.
//
// # Guarantees
//
//   - Each message reaches each subscriber at most once, and exactly once when
//     neither a link is lost nor a limit below is hit.
//   - Messages of one node arrive in the order in which they were broadcast.
//   - Broadcast never waits for a peer or for a subscriber.
//
// # Limits
//
// A subscriber has a queue of its own (Queue, 1,024 messages). When one more comes
// it is cut off: it gets what waits, Subscription.Err is ErrSlow, Done is closed,
// and the function given to OnEnd is called. It is never fed with gaps.
//
// A peer has a queue too (PeerQueue messages of PeerBytes together) beside that of
// its link. A peer that does not read fills it; then further messages to that
// peer are dropped, which is counted (Stats) and logged once until it reads
// again. Other peers do not notice.
package pubsub
