package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// runRPC is erpc:call/4 for operators without Erlang. ARGS is a list in Erlang
// syntax; the result is printed as the Erlang shell prints it, on one line.
func runRPC(c call) int {
	var request rpcRequest
	return runTool(c, tool{
		name: "rpc", usage: "[flags] [--timeout=5s] NODE MODULE FUNCTION ['[ARG, …]']", least: 3, most: 4,
		check: func(words []string) (err error) {
			request, err = parseRPC(words[1:])
			return err
		},
		run: func(ctx context.Context, n *node.Node, words []string) error {
			result, err := n.Call(ctx, words[0], request.module, request.function, request.args...)
			if err == nil {
				_, err = fmt.Fprintln(c.stdout, etf.String(result))
			}
			return err
		},
	})
}

// rpcRequest is what fjord rpc is to call.
type rpcRequest struct {
	module, function string
	args             etf.List
}

// parseRPC reads MODULE FUNCTION and, unless there are none, ARGS.
func parseRPC(words []string) (r rpcRequest, err error) {
	if r.module, err = atomWord(words[0]); err != nil {
		return r, fmt.Errorf("MODULE: %w", err)
	}
	if r.function, err = atomWord(words[1]); err != nil {
		return r, fmt.Errorf("FUNCTION: %w", err)
	}
	if len(words) < 3 || strings.TrimSpace(words[2]) == "" {
		return r, nil
	}
	term, err := etf.Parse(words[2])
	if err != nil {
		return r, fmt.Errorf("ARGS: %w", err)
	}
	list, ok := etf.AsList(term)
	if !ok {
		return r, errors.New("ARGS: want a list such as '[1, \"two\", #{three => 3}]'")
	}
	r.args = list
	return r, nil
}

// atomWord is the atom a word stands for, with or without its quotes: shells
// eat them, and Elixir.Enum is clear without.
func atomWord(word string) (string, error) {
	if word == "" {
		return "", errors.New("the name is empty")
	}
	if !strings.HasPrefix(word, "'") {
		return word, nil
	}
	term, err := etf.Parse(word)
	if err != nil {
		return "", err
	}
	atom, ok := etf.AsAtom(term)
	if !ok {
		return "", fmt.Errorf("%s is no atom", word)
	}
	return string(atom), nil
}
