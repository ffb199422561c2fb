package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// command is one sub-command.
type command struct {
	name    string
	args    string // for the help text
	summary string
	run     func(c call) int
}

// commands is the table of sub-commands; the first is the default.
func commands() []command {
	return []command{
		{"serve", "[flags]", "run the media server (the default)", runServe},
		{"config", "[flags]", "check the configuration and print what is in effect, secrets hidden", runConfig},
		{"health", "[flags]", "ask the server on this machine whether it is up: status 0 or 1", runHealth},
		{"check", "[--peers] [flags]", "say whether the server on this machine is ready, and whom it is linked with", runCheck},
		{"drain", "[--wait] [--undo] [flags]", "have the server on this machine take no more rooms, and end with the last one", runDrain},
		{"epmd", "[options]", "run the Erlang port mapper; takes the options of Erlang's epmd", runEPMD},
		{"names", "[host]", "list the nodes registered with the port mapper of a host", runNames},
		{"ping", "[flags] NODE", "connect to an Erlang node and say pong, or why not", runPing},
		{"nodes", "[flags] NODE", "list the nodes that an Erlang node is connected to", runNodes},
		{"rpc", "[flags] NODE MOD FUN [ARGS]", "call a function on an Erlang node and print the result", runRPC},
		{"version", "", "print the version", runVersion},
		{"help", "[command]", "print this list, or the flags of a command", runHelp},
	}
}

// dispatch runs the sub-command that argv names. Called as epmd the program is
// Erlang's port mapper: so it is found by that name in the list of processes.
func dispatch(argv []string, c call) int {
	name := "fjord"
	if len(argv) > 0 {
		name, c.args = filepath.Base(argv[0]), argv[1:]
	}
	if name == "epmd" {
		return runEPMD(c)
	}
	table := commands()
	if len(c.args) == 0 {
		return table[0].run(c)
	}
	first := c.args[0]
	switch first {
	case "-h", "-help", "--help":
		first = "help"
	case "-version", "--version":
		first = "version"
	}
	if strings.HasPrefix(first, "-") {
		return table[0].run(c)
	}
	c.args = c.args[1:]
	for _, cmd := range table {
		if cmd.name == first && first != "epmd" && asksForHelp(c.args) {
			return helpFor(c, first) // epmd has options of its own
		}
		if cmd.name == first {
			return cmd.run(c)
		}
	}
	_, _ = fmt.Fprintf(c.stderr, "fjord: there is no command %q; see: fjord help\n", first)
	return exitUsage
}
