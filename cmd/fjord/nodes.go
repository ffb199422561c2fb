package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// runNodes prints the nodes that a node is connected to, one a line: those of
// its nodes(), then the hidden ones, marked. The tool itself is left out.
func runNodes(c call) int {
	return runTool(c, tool{
		name: "nodes", usage: "[flags] [--timeout=5s] NODE", least: 1, most: 1,
		run: func(ctx context.Context, n *node.Node, words []string) error {
			return printNodes(ctx, c.stdout, n, words[0])
		},
	})
}

func printNodes(ctx context.Context, w io.Writer, n *node.Node, target string) error {
	for _, kind := range []struct{ name, mark string }{{"visible", ""}, {"hidden", " (hidden)"}} {
		answer, err := n.Call(ctx, target, "erlang", "nodes", etf.Atom(kind.name))
		if err != nil {
			return err
		}
		names, err := atomNames(answer)
		if err != nil {
			return fmt.Errorf("nodes(%s) of %s: %w", kind.name, target, err)
		}
		for _, name := range names {
			if name == n.Name() {
				continue
			}
			if _, err := fmt.Fprintf(w, "%s%s\n", name, kind.mark); err != nil {
				return err
			}
		}
	}
	return nil
}

// atomNames sorts the names in a list of atoms.
func atomNames(t etf.Term) ([]string, error) {
	list, ok := etf.AsList(t)
	if !ok {
		return nil, fmt.Errorf("%s is no list of names", etf.String(t))
	}
	names := make([]string, 0, len(list))
	for _, element := range list {
		name, ok := etf.AsAtom(element)
		if !ok {
			return nil, fmt.Errorf("%s is no name", etf.String(element))
		}
		names = append(names, string(name))
	}
	slices.Sort(names)
	return names, nil
}
