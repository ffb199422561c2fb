package pg_test

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/pg"
)

// On a BEAM node that has called pg:start_link(chat), the process is then in
// pg:get_members(chat, room).
func Example() {
	ctx := context.Background()
	n, err := node.Start(ctx, node.Options{Name: "go@localhost", Cookie: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Stop(ctx) //nolint:errcheck // the program ends
	scope, err := pg.Start(n, "chat")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer scope.Stop(ctx) //nolint:errcheck // the program ends

	p, _ := n.Spawn("", node.Callbacks{Message: func(m node.Message) { fmt.Println(etf.String(m.Term)) }})
	_ = scope.Join(etf.Atom("room"), p.Pid())
	if _, err := n.Connect(ctx, "beam@localhost"); err != nil {
		fmt.Println(err)
	}
	for _, pid := range scope.Members(etf.Atom("room")) { // of all nodes
		_ = p.Send(ctx, pid, etf.Atom("hello"))
	}
}
