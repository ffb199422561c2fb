// Command chat is the chat of the Phoenix guides on Go nodes: pages speak the
// Phoenix channel protocol with any node, messages cross nodes by
// Phoenix.PubSub, and there is nothing else to run. README.md shows how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/fjord-media/fjord/epmd"
	"github.com/fjord-media/fjord/node"
)

// stopTime bounds the end of the program.
const stopTime = 5 * time.Second

// options are the program's flags; each has a variable of the same meaning.
type options struct {
	node   string
	cookie string
	nodes  []string
	wait   time.Duration
	listen string
	pubsub string
	mapper string
	epmd   int
	log    *slog.Logger
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	o, err := parse(os.Args[1:], os.Getenv)
	if err == nil {
		err = run(ctx, o)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "chat:", err)
		os.Exit(1)
	}
}

func parse(args []string, getenv func(string) string) (options, error) {
	or := func(name, otherwise string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return otherwise
	}
	o := options{log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	flags := flag.NewFlagSet("chat", flag.ContinueOnError)
	flags.StringVar(&o.node, "node", or("CHAT_NODE", "gossipy@localhost"), "name of this node (CHAT_NODE); a host part with a dot makes it a long name")
	flags.StringVar(&o.cookie, "cookie", or("CHAT_COOKIE", "secret"), "the cluster's cookie (CHAT_COOKIE)")
	nodes := flags.String("nodes", or("CHAT_NODES", ""), "nodes of the cluster, separated by commas or spaces (CHAT_NODES)")
	flags.DurationVar(&o.wait, "wait", 10*time.Second, "how long to wait for those nodes at the start")
	flags.StringVar(&o.listen, "listen", or("CHAT_LISTEN", "127.0.0.1:4000"), "address for pages (CHAT_LISTEN)")
	flags.StringVar(&o.mapper, "epmd", or("CHAT_EPMD", node.EPMDEmbedded), "port mapper (CHAT_EPMD): embedded (the host's, or one in this program) or external")
	flags.StringVar(&o.pubsub, "pubsub", or("CHAT_PUBSUB", "Gossipy.PubSub"), "name of the Phoenix.PubSub (CHAT_PUBSUB)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.nodes = strings.FieldsFunc(*nodes, func(r rune) bool { return r == ',' || r == ' ' })
	port, err := epmd.PortFromEnv(getenv)
	o.epmd = int(port)
	return o, err
}

// run runs the node and the web server until ctx is done. As a BEAM node whose
// kernel waits for sync_nodes_optional, it serves nobody before the cluster
// stands or the wait is over.
func run(ctx context.Context, o options) (err error) {
	c, err := join(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.leave()) }()
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	web := newWeb(c, o.log)
	server := &http.Server{Handler: web, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	fmt.Printf("%s serves http://%s\n", c.node.Name(), l.Addr())
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return errors.Join(err, web.shutdown(stop, server))
}
