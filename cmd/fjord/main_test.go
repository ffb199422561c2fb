package main

import (
	"os"
	"os/signal"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary the commands fjord and epmd for the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"fjord": main, "epmd": main})
}

// TestScripts runs testdata/script: what a user sees at the command line.
func TestScripts(t *testing.T) {
	if signal.Ignored(os.Interrupt) {
		// As in the background of a shell. Programs would inherit it, and are ended
		// with that signal: those that a process handles are the default for them.
		ignored := make(chan os.Signal, 1)
		signal.Notify(ignored, os.Interrupt)
		t.Cleanup(func() { signal.Stop(ignored) })
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:                map[string]func(ts *testscript.TestScript, neg bool, args []string){"freeport": freePort, "until": until},
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // or each command takes a second under the race detector
			return nil
		},
	})
}
