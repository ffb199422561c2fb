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
		_, _ = fmt.Fprintf(c.stdout, "  %-33s %s\n", cmd.name+" "+cmd.args, cmd.summary)
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
		if own := ownFlags(name); own != "" {
			_, _ = fmt.Fprint(c.stdout, "\n", own)
		}
		if err := variableFlags(c, name); err != nil {
			return exitFailure
		}
		return exitOK
	}
	_, _ = fmt.Fprintf(c.stderr, "fjord: there is no command %q; see: fjord help\n", name)
	return exitUsage
}

// variableFlags lists the flags that override variables.
func variableFlags(c call, name string) error {
	names, has := variablesOf(name)
	if !has {
		return nil
	}
	_, _ = fmt.Fprint(c.stdout, "\nEach flag overrides the variable named after it:\n\n")
	if err := config.WriteFlags(c.stdout, names...); err != nil {
		return err
	}
	if len(names) > 0 {
		_, _ = fmt.Fprint(c.stdout, "\nThe other flags of the server are taken too, and change nothing: fjord help serve\n")
	}
	return nil
}

// variablesOf are the variables that matter to a command, none named: all; false
// when it reads none.
func variablesOf(command string) (names []string, has bool) {
	switch command {
	case "serve", "config":
		return nil, true
	case "health", "check", "drain":
		names = []string{"FJ_SERVER_API_TOKEN", "FJ_SERVER_API_TOKEN_FILE", "FJ_IP", "FJ_PORT", "FJ_SSL_KEY_PATH", "FJ_SSL_CERT_PATH"}
		if command == "drain" {
			names = append(names, "FJ_DRAIN_TIMEOUT")
		}
		return names, true
	case "ping", "nodes", "rpc":
		return []string{
			"FJ_DIST_MODE", "FJ_DIST_NODE_NAME", "FJ_DIST_COOKIE", "FJ_DIST_COOKIE_FILE", "ERL_EPMD_PORT",
			"FJ_DIST_TLS_CERT", "FJ_DIST_TLS_KEY", "FJ_DIST_TLS_CACERT", "FJ_DIST_TLS_VERIFY",
		}, true
	}
	return nil, false
}

// ownFlags are those that a command has beside the flags of the configuration.
func ownFlags(name string) string {
	switch name {
	case "check":
		return "  --peers           show the other nodes too; status 0: ready, and every node that is looked for is linked\n"
	case "drain":
		return "  --wait            return when the server has ended\n" +
			"  --timeout=<time>  end the rooms that are left after this time (default FJ_DRAIN_TIMEOUT; 0: wait for the last)\n" +
			"  --undo            take new rooms again\n"
	case "nodes", "ping", "rpc":
		return "  --timeout=<time>  how long to wait for an answer (default 5s)\n"
	}
	return ""
}

// asksForHelp says whether the first argument of a command is -h or --help.
func asksForHelp(args []string) bool {
	return len(args) > 0 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help")
}
