// Command echo is a node to try things against: a gen_server, functions for
// erpc, process groups, global names and a counter of messages. README.md shows
// what to type on an Erlang node.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/node"
)

// options are the program's flags.
type options struct {
	name   string
	cookie string
	nodes  []string
	wait   time.Duration
	scope  string
	epmd   int
	log    *slog.Logger

	ticktime time.Duration
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

// run runs the node until ctx is done.
func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	a, err := start(ctx, o)
	if err != nil {
		return err
	}
	fmt.Println(a.node.Name(), "is up")
	<-ctx.Done()
	return a.stop()
}

func parse(args []string) (options, error) {
	o := options{log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	flags := flag.NewFlagSet("echo", flag.ContinueOnError)
	flags.StringVar(&o.name, "name", "echo@localhost", "name of this node; a host part with a dot makes it a long name")
	flags.StringVar(&o.cookie, "cookie", "secret", "the cluster's cookie")
	nodes := flags.String("nodes", "", "nodes to stay connected to, separated by commas")
	flags.DurationVar(&o.wait, "wait", 10*time.Second, "how long to wait for those nodes at the start")
	flags.StringVar(&o.scope, "scope", "pg", "name of the pg scope")
	flags.DurationVar(&o.ticktime, "ticktime", node.DefaultNetTickTime, "net_ticktime of the cluster")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.nodes = strings.FieldsFunc(*nodes, func(r rune) bool { return r == ',' || r == ' ' })
	port, err := epmd.PortFromEnv(os.Getenv)
	o.epmd = int(port)
	return o, err
}
