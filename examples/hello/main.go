// Command hello joins a cluster of Erlang nodes, answers calls and calls back.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	port, err := epmd.PortFromEnv(os.Getenv)
	if err != nil {
		log.Fatal(err)
	}
	n, err := node.Start(ctx, node.Options{Name: "go@localhost", Cookie: "secret", EPMDPort: int(port)})
	if err != nil {
		log.Fatal(err)
	}
	n.Handle("hello", "greet", 1, func(ctx context.Context, c node.Caller, args []etf.Term) (etf.Term, error) {
		release, err := n.Call(ctx, c.Node, "erlang", "system_info", etf.Atom("otp_release"))
		return fmt.Sprintf("Hello %s on OTP %s", etf.String(args[0]), etf.String(release)), err
	})
	fmt.Println(n.Name(), "is up")
	<-ctx.Done()
	if err := n.Stop(context.Background()); err != nil {
		log.Fatal(err)
	}
}
