package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/fjord-media/fjord/config"
)

// load reads the configuration. When ok is false the caller exits with status:
// problems are printed, one a line, or help was asked for and is printed.
func load(c call, name string, args []string) (cfg config.Config, notes []config.Note, status int, ok bool) {
	cfg, notes, err := config.Load(c.sys, args)
	switch {
	case err == nil:
		return cfg, notes, exitOK, true
	case errors.Is(err, flag.ErrHelp):
		return cfg, nil, helpFor(c, name), false
	}
	_, _ = fmt.Fprintln(c.stderr, err)
	return cfg, nil, exitFailure, false
}

// printNotes shows notes where there is no log.
func printNotes(c call, notes []config.Note) {
	for _, n := range notes {
		_, _ = fmt.Fprintf(c.stderr, "%s: %s\n", noteKind(n), strings.ReplaceAll(n.Message, "\n", " "))
	}
}

func noteKind(n config.Note) string {
	if n.Level > 0 {
		return "warning"
	}
	return "note"
}
