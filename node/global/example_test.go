package global_test

import (
	"context"
	"fmt"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/global"
)

// On a BEAM node of the cluster global:send(leader, hello) then reaches the
// process here, and global:trans({cleanup, self()}, Fun) waits for the
// transaction here.
func Example() {
	ctx := context.Background()
	n, err := node.Start(ctx, node.Options{Name: "go@localhost", Cookie: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Stop(ctx) //nolint:errcheck // the program ends
	g, err := global.Start(n, global.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Stop(ctx) //nolint:errcheck // the program ends

	if _, err := n.Connect(ctx, "beam@localhost"); err != nil {
		fmt.Println(err)
	}
	if err := g.Sync(ctx); err != nil { // wait for the names of the others
		fmt.Println(err)
	}
	p, _ := n.Spawn("", node.Callbacks{Message: func(m node.Message) { fmt.Println(etf.String(m.Term)) }})
	switch err := g.Register(ctx, etf.Atom("leader"), p.Pid(), global.RandomExit); err {
	case nil:
		fmt.Println("this is the leader")
	default:
		pid, _ := g.Whereis(etf.Atom("leader"))
		fmt.Println("not the leader:", err, "it is on", pid.Node)
	}
	_ = g.Trans(ctx, etf.Atom("cleanup"), func(context.Context) error {
		fmt.Println("nobody else does this now")
		return nil
	})
}
