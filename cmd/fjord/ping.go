package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/node"
)

// runPing is net_adm:ping/1 for operators without Erlang: a hidden node of a
// moment connects with the configured cookie and name mode.
func runPing(c call) int {
	if len(c.args) == 0 || strings.HasPrefix(c.args[len(c.args)-1], "-") {
		_, _ = fmt.Fprintln(c.stderr, "Usage: fjord ping [flags] NODE")
		return exitUsage
	}
	last := len(c.args) - 1
	target := c.args[last]
	cfg, _, status, ok := load(c, "ping", c.args[:last])
	if !ok {
		return status
	}
	if err := ping(cfg, target); err != nil {
		_, _ = fmt.Fprintf(c.stdout, "pang\n")
		_, _ = fmt.Fprintln(c.stderr, "fjord ping:", err)
		return exitFailure
	}
	_, _ = fmt.Fprintln(c.stdout, "pong")
	return exitOK
}

func ping(cfg config.Config, target string) error {
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()
	return withTool(ctx, cfg, "ping", target, func(n *node.Node) error { return n.Ping(ctx, target) })
}
