package main

import (
	"fmt"
	"runtime"
)

// compatible is the release of Fishjam whose interfaces Fjord serves. /health
// prints it too, since SDKs read it.
const compatible = "0.6.3"

// runVersion prints the version and what it was built with.
func runVersion(c call) int {
	_, _ = fmt.Fprintf(c.stdout, "fjord %s (compatible with Fishjam %s; %s %s/%s)\n", version, compatible, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
}
