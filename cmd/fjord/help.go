package main

import (
	"fmt"

	"github.com/fjord-media/fjord/config"
)

// runHelp prints the table of commands, or the flags of one.
func runHelp(c call) int {
	if len(c.args) > 0 {
		return helpFor(c, c.args[0])
	}
	_, _ = fmt.Fprint(c.stdout, "Fjord is a media server cluster over Erlang distribution.\n\nUsage: fjord [command] [arguments]\n\n")
	for _, cmd := range commands() {
		_, _ = fmt.Fprintf(c.stdout, "  %-30s %s\n", cmd.name+" "+cmd.args, cmd.summary)
	}
	_, _ = fmt.Fprint(c.stdout, "\nThe server is configured by FJ_* variables, or by flags of the same names: fjord help serve\n")
	return exitOK
}

func helpFor(c call, name string) int {
	for _, cmd := range commands() {
		if cmd.name != name {
			continue
		}
		_, _ = fmt.Fprintf(c.stdout, "Usage: fjord %s %s\n\n%s\n", cmd.name, cmd.args, cmd.summary)
		switch name {
		case "serve", "config", "health", "check", "drain", "ping", "nodes", "rpc":
			_, _ = fmt.Fprint(c.stdout, "\nEach flag overrides the variable named after it:\n\n")
			if err := config.WriteFlags(c.stdout); err != nil {
				return exitFailure
			}
		}
		return exitOK
	}
	_, _ = fmt.Fprintf(c.stderr, "fjord: there is no command %q; see: fjord help\n", name)
	return exitUsage
}
