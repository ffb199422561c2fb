package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/fjord-media/fjord/node"
)

// tool is a sub-command that asks a node; its first word names the node.
type tool struct {
	name, usage string
	least, most int // how many words it takes
	// check may refuse the words before anything is done; nil does not.
	check func(words []string) error
	run   func(ctx context.Context, n *node.Node, words []string) error
}

// runTool runs a tool: status 2 for wrong words, 1 for what went wrong then.
func runTool(c call, t tool) int {
	args, err := splitTool(c.args)
	if err == nil && t.check != nil && len(args.words) >= t.least {
		err = t.check(args.words)
	}
	if err != nil {
		_, _ = fmt.Fprintf(c.stderr, "fjord %s: %v\n", t.name, err)
		return exitUsage
	}
	cfg, _, status, ok := load(c, t.name, args.flags)
	if !ok {
		return status
	}
	if len(args.words) < t.least || len(args.words) > t.most {
		_, _ = fmt.Fprintf(c.stderr, "Usage: fjord %s %s\n", t.name, t.usage)
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(context.Background(), args.timeout)
	defer cancel()
	err = withTool(ctx, cfg, t.name, args.words[0], func(n *node.Node) error { return t.run(ctx, n, args.words) })
	var remote *node.RemoteError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &remote):
		_, _ = fmt.Fprintln(c.stderr, exception(remote))
	case ctx.Err() != nil:
		_, _ = fmt.Fprintf(c.stderr, "fjord %s: no answer within %s: %v\n", t.name, args.timeout, err)
	default:
		_, _ = fmt.Fprintf(c.stderr, "fjord %s: %v\n", t.name, err)
	}
	return exitFailure
}
