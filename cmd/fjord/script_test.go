package main

import (
	"bytes"
	"net"
	"os/exec"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// freePort is the script command "freeport NAME…": it puts ports into variables.
func freePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: freeport NAME…")
	}
	for _, name := range args {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Setenv(name, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
		ts.Check(l.Close())
	}
}

// until is the script command "until TEXT PROGRAM ARG…": it runs the program
// until it succeeds and its output contains the text.
func until(ts *testscript.TestScript, neg bool, args []string) {
	const limit = 10 * time.Second
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until TEXT PROGRAM ARG…")
	}
	started := time.Now()
	var out []byte
	for time.Since(started) < 3*limit {
		cmd := exec.Command(args[1], args[2:]...) // found in PATH, as the scripts' commands are
		cmd.Env = append(cmd.Environ(), "ERL_EPMD_PORT="+ts.Getenv("ERL_EPMD_PORT"))
		var err error
		out, err = cmd.CombinedOutput()
		if err == nil && bytes.Contains(out, []byte(args[0])) {
			ts.Logf("after %v", time.Since(started))
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("never: the last output was %s", out)
}
