package main

import (
	"context"
	"fmt"
	"time"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/node"
)

// runPing is net_adm:ping/1 for operators without Erlang: a hidden node of a
// moment connects with the configured cookie and name mode.
func runPing(c call) int {
	args, err := splitTool(c.args)
	if err != nil {
		_, _ = fmt.Fprintln(c.stderr, "fjord ping:", err)
		return exitUsage
	}
	if len(args.words) != 1 {
		_, _ = fmt.Fprintln(c.stderr, "Usage: fjord ping [flags] [--timeout=5s] NODE")
		return exitUsage
	}
	cfg, _, status, ok := load(c, "ping", args.flags)
	if !ok {
		return status
	}
	if err := ping(cfg, args.words[0], args.timeout); err != nil {
		_, _ = fmt.Fprintf(c.stdout, "pang\n")
		_, _ = fmt.Fprintln(c.stderr, "fjord ping:", err)
		return exitFailure
	}
	_, _ = fmt.Fprintln(c.stdout, "pong")
	return exitOK
}

func ping(cfg config.Config, target string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return withTool(ctx, cfg, "ping", target, func(n *node.Node) error { return n.Ping(ctx, target) })
}
