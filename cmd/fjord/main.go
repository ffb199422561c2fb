// Command fjord is the Fjord media server, and the tools that go with it:
// `fjord help` lists them.
package main

import (
	"io"
	"os"

	"github.com/fjord-media/fjord/config"
)

// version is set by the linker (-X main.version=…).
var version = "dev"

// Exit statuses.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// call is one invocation of the program.
type call struct {
	args   []string // after the sub-command
	stdout io.Writer
	stderr io.Writer
	sys    config.System
	getenv func(string) string
}

func main() {
	os.Exit(dispatch(os.Args, call{stdout: os.Stdout, stderr: os.Stderr, sys: config.OS(), getenv: os.Getenv}))
}
