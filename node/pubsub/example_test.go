package pubsub_test

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/pg"
	"github.com/fjord-media/fjord/node/pubsub"
)

// On an Elixir node of the cluster, with {Phoenix.PubSub, name: Chat.PubSub}
// among its children, this reaches who called
// Phoenix.PubSub.subscribe(Chat.PubSub, "room:1").
func Example() {
	ctx := context.Background()
	n, err := node.Start(ctx, node.Options{Name: "chat@localhost", Cookie: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Stop(ctx) //nolint:errcheck // the program ends
	scope, err := pg.Start(n, pubsub.Scope)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer scope.Stop(ctx) //nolint:errcheck // the program ends
	ps, err := pubsub.Start(scope, pubsub.Options{Name: "Chat.PubSub"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ps.Stop(ctx) //nolint:errcheck // the program ends

	_, _ = ps.Subscribe("room:1", func(m pubsub.Message) { fmt.Println(m.Node, "says", etf.String(m.Term)) })
	if _, err := n.Connect(ctx, "elixir@localhost"); err != nil {
		fmt.Println(err)
	}
	_ = ps.Broadcast("room:1", etf.Tuple{etf.Atom("shout"), []byte("hello")})
}
