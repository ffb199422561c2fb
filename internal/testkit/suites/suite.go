package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// suite is one call of go test.
type suite struct {
	what     string   // in a few words, for the reader of the output
	tags     string   // build tags beside nomsgpack
	packages []string // patterns
	timeout  string   // of each package
	root     bool     // makes namespaces or containers
	rootOnly string   // pattern of its tests that do; the others run for every user
	beside   bool     // mostly waits: runs beside the suites that follow it
	patient  bool     // mostly waits in the long forms: runs beside others then
	alone    bool     // has the machine for itself in the long forms
	fresh    bool     // runs programs that go test's cache does not know of
}

// suites is the table of all suites by name.
var suites = map[string]suite{
	"unit": {what: "unit tests", packages: []string{"./..."}, timeout: "5m"},
	"interop": {
		what: "against real BEAM nodes", tags: "interop", timeout: "10m", fresh: true, patient: true, rootOnly: "^TestNetSplit",
		packages: []string{"./node/...", "./epmd/...", "./cmd/...", "./examples/...", "./internal/testkit", "./internal/testkit/interop"},
	},
	"epmdsuite": {
		what: "OTP's own epmd_SUITE", tags: "interop", timeout: "12m", fresh: true, beside: true,
		packages: []string{"./internal/testkit/epmdsuite"},
	},
	"e2e": {
		what: "the demo and the manual's recipes", tags: "e2e", timeout: "10m", fresh: true,
		packages: []string{"./internal/testkit/e2e"},
	},
	"browser": {
		what: "the client SDKs in a browser", tags: "e2e", timeout: "30m", fresh: true, alone: true,
		packages: []string{"./internal/testkit/browser"},
	},
	"mixed": {
		what: "clusters of Fjord and Elixir nodes in network namespaces", tags: "e2e", timeout: "12m", fresh: true, root: true,
		packages: []string{"./internal/testkit/e2e/mixed"},
	},
	"media": {
		what: "the media plane of the binary, with Pion clients", tags: "e2e", timeout: "10m", fresh: true, alone: true,
		packages: []string{"./internal/testkit/e2e/media"},
	},
	"netns": {
		what: "clusters in network namespaces", tags: "e2e", timeout: "10m", fresh: true, root: true,
		packages: []string{"./internal/testkit", "./internal/testkit/e2e/netns"},
	},
	"rest": { // also among the unit tests, in the short form
		what: "many requests, bad requests and many listeners at the REST interface", timeout: "10m", fresh: true, alone: true,
		packages: []string{"./internal/testkit/rest"},
	},
	"image": {
		what: "the image and the compose files on a Docker engine", tags: "e2e", timeout: "10m", fresh: true, root: true,
		packages: []string{"./internal/testkit/e2e/image"},
	},
}

// soakTimeout is that of each package in the long forms, against four releases.
const soakTimeout = "25m"

// soak says whether the long forms were asked for.
func soak() bool { return os.Getenv("FJORD_SOAK") == "1" }

// waits says whether the suite runs beside others.
func (s suite) waits() bool { return s.beside || s.patient && soak() }

// running is a started suite.
type running struct {
	name, what string
	cmd        *exec.Cmd
	json       io.ReadCloser
	began      time.Time
	ended      time.Time // zero: not known
	err        error     // it could not be started
}

// args are those of go; without root the tests that need it are left out.
func (s suite) args(root bool) []string {
	timeout := s.timeout
	if soak() {
		timeout = soakTimeout
	}
	args := []string{"test", "-json", "-tags", strings.Trim("nomsgpack,"+s.tags, ","), "-timeout", timeout}
	if s.fresh {
		// These tests wait more than they compute, so more may run than there are cores.
		args = append(args, "-count=1", "-parallel=8")
	}
	if s.rootOnly != "" && !root {
		args = append(args, "-skip", s.rootOnly)
	}
	return append(args, s.packages...)
}

// start runs go test. Its events go through a file for a suite that runs
// beside others (nobody reads them until later), else through a pipe.
func start(name string, s suite) *running {
	r := &running{name: name, what: s.what, began: time.Now(), cmd: exec.Command("go", s.args(os.Geteuid() == 0)...)}
	r.cmd.Stderr = os.Stderr
	if !s.waits() {
		r.json, r.err = r.cmd.StdoutPipe()
	} else {
		r.json, r.err = r.toFile()
	}
	if r.err == nil {
		r.err = r.cmd.Start()
	}
	return r
}

func (r *running) toFile() (io.ReadCloser, error) {
	f, err := os.CreateTemp("", "fjord-suite-*.json")
	if err != nil {
		return nil, err
	}
	r.cmd.Stdout = f
	return &waitedFile{name: f.Name(), run: r}, nil
}

// waitedFile reads a file once the command that writes it has ended.
type waitedFile struct {
	name string
	run  *running
	f    *os.File
}

func (w *waitedFile) Read(p []byte) (int, error) {
	if w.f == nil {
		w.run.err = w.run.cmd.Wait()
		f, err := os.Open(w.name)
		if err != nil {
			return 0, fmt.Errorf("read the output of %s: %w", w.run.name, err)
		}
		w.f = f
		if info, err := f.Stat(); err == nil {
			w.run.ended = info.ModTime() // of the last line
		}
	}
	return w.f.Read(p)
}

func (w *waitedFile) Close() error {
	if w.f != nil {
		_ = w.f.Close()
	}
	return os.Remove(w.name)
}

// wait returns how go test ended.
func (r *running) wait() error {
	if r.cmd.ProcessState != nil || r.err != nil {
		return r.err
	}
	err := r.cmd.Wait()
	r.ended = time.Now()
	return err
}

// took is how long the suite ran.
func (r *running) took() time.Duration {
	if r.ended.IsZero() {
		return time.Since(r.began)
	}
	return r.ended.Sub(r.began)
}
