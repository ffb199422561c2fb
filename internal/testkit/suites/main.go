// Command suites runs the project's test suites and sums them up: the lines
// of each, then go test's line of every package, what was not run and why,
// and last "N passed, N failed". It is what make test and CI use.
//
//	go run ./internal/testkit/suites unit interop e2e …
//
// With FJORD_SOAK=1 the tests run in their long forms; suites that mostly wait
// then run beside the ones named after them, up to the first that has the machine
// for itself.
//
// The exit code is 1 when a test failed, or when CI=true and anything was
// skipped or left out.
package main

import (
	"fmt"
	"os"
	"time"
)

func main() { os.Exit(runAll(os.Args[1:])) }

func runAll(names []string) int {
	r := &report{out: os.Stdout}
	began := time.Now()
	var beside []*running
	for _, name := range names {
		s, ok := suites[name]
		if s.rootOnly != "" && os.Geteuid() != 0 {
			r.leftOut = append(r.leftOut, fmt.Sprintf("%s of %s (makes network namespaces; needs root)", s.rootOnly, name))
		}
		switch {
		case !ok:
			fmt.Fprintf(os.Stderr, "suites: there is no suite %q\n", name)
			return 2
		case s.root && os.Geteuid() != 0:
			r.leftOut = append(r.leftOut, fmt.Sprintf("%s (%s; needs root)", name, s.what))
		case s.waits():
			beside = append(beside, start(name, s))
		default:
			if soak() && s.alone {
				r.readAll(beside)
				beside = nil
			}
			r.readAll([]*running{start(name, s)})
		}
	}
	r.readAll(beside)
	r.times = append(r.times, "all "+time.Since(began).Round(time.Second).String())
	return r.sum(os.Getenv("CI") == "true")
}
