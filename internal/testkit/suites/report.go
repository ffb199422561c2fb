package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// event is a line of go test -json (see go doc test2json).
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64 // seconds
}

// report collects what the suites say.
type report struct {
	out     io.Writer
	lines   []string // go test's line of each package
	leftOut []string // suites that were not run, and why
	times   []string // how long each suite took

	passed, failed, skipped int
}

// readAll follows suites to their ends, one after the other.
func (r *report) readAll(suites []*running) {
	for _, s := range suites {
		fmt.Fprintf(r.out, "== %s: %s\n", s.name, s.what)
		r.read(s)
		r.times = append(r.times, s.name+" "+s.took().Round(time.Second).String())
	}
}

// read follows a suite to its end. Output of tests is kept back and shown for
// those that fail; lines of packages are shown at once and again in the sum.
func (r *report) read(s *running) {
	if s.err != nil {
		r.problem(fmt.Sprintf("suite %s: %v", s.name, s.err))
		return
	}
	before := r.failed
	outputs := map[string][]string{} // package and test → its output so far
	failedIn := map[string]bool{}    // packages with a failed test
	lines := bufio.NewReader(s.json)
	for {
		text, err := lines.ReadBytes('\n')
		var e event
		if len(text) > 0 && json.Unmarshal(text, &e) == nil {
			r.handle(e, outputs, failedIn)
		}
		if err != nil {
			break
		}
	}
	if err := s.wait(); err != nil && r.failed == before {
		r.problem(fmt.Sprintf("suite %s: go test: %v", s.name, err))
	}
	_ = s.json.Close()
}

func (r *report) handle(e event, outputs map[string][]string, failedIn map[string]bool) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		r.output(e, key, outputs)
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "pass", "fail", "skip":
		if e.Test != "" {
			r.test(e, outputs[key])
			failedIn[e.Package] = failedIn[e.Package] || e.Action == "fail"
			delete(outputs, key)
		} else if e.Action == "fail" && !failedIn[e.Package] {
			r.failed++ // did not build, or ended outside a test
			fmt.Fprint(r.out, strings.Join(outputs[key], ""))
		}
	}
}

// output shows the line that go test prints for a package and keeps the rest.
func (r *report) output(e event, key string, outputs map[string][]string) {
	if e.Test == "" && (strings.HasPrefix(e.Output, "ok ") || strings.HasPrefix(e.Output, "FAIL\t")) {
		fmt.Fprint(r.out, e.Output)
		r.lines = append(r.lines, e.Output)
		return
	}
	if !strings.HasPrefix(e.Output, "=== ") { // RUN, PAUSE, CONT, NAME: the key says whose it is
		outputs[key] = append(outputs[key], e.Output)
	}
}

// slowTest is the time in seconds from which a passed test is worth a line of progress.
const slowTest = 1.0

func (r *report) test(e event, output []string) {
	switch e.Action {
	case "pass":
		r.passed++
		if e.Elapsed >= slowTest && !strings.Contains(e.Test, "/") {
			fmt.Fprintf(r.out, "--- PASS: %s (%.1fs)\n", e.Test, e.Elapsed)
		}
	case "fail":
		r.failed++
		fmt.Fprint(r.out, strings.Join(output, ""))
	case "skip":
		r.skipped++
		fmt.Fprint(r.out, strings.Join(output, ""))
	}
}

func (r *report) problem(text string) {
	r.failed++
	fmt.Fprintln(r.out, text)
}

// sum prints the end of the report and returns the exit code. strict makes
// failures of skipped tests and of suites that were left out.
func (r *report) sum(strict bool) int {
	fmt.Fprintln(r.out)
	for _, line := range r.lines {
		fmt.Fprint(r.out, line)
	}
	for _, suite := range r.leftOut {
		fmt.Fprintf(r.out, "not run: %s\n", suite)
	}
	if len(r.times) > 0 {
		fmt.Fprintf(r.out, "time: %s\n", strings.Join(r.times, ", "))
	}
	bad := r.failed > 0
	if strict && r.skipped+len(r.leftOut) > 0 {
		bad = true
		fmt.Fprintln(r.out, "CI: nothing may be skipped or left out")
	}
	fmt.Fprintf(r.out, "%d passed, %d failed", r.passed, r.failed)
	if r.skipped > 0 {
		fmt.Fprintf(r.out, ", %d skipped", r.skipped)
	}
	fmt.Fprintln(r.out)
	if bad {
		return 1
	}
	return 0
}
