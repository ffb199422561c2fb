// Command racepatch prepares `go test -race`: Ergo has two data races that
// any race build with a living node reports sooner or later. It copies the
// Ergo module out of the module cache into build/ergo, mends the copy, and
// writes race.mod and race.sum, which differ from go.mod and go.sum in that
// they use the copy. Run it in the module's root; then
//
//	go test -race -modfile=race.mod ./...
//
// It fails when Ergo's text is not what it expects, i.e. after an upgrade.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	module = "ergo.services/ergo"
	copyTo = "build/ergo"
)

// edit replaces a text that occurs exactly once in a file.
type edit struct{ file, old, new string }

// edits are all differences between the copy and the original.
func edits() []edit {
	return []edit{
		// The once-a-minute function reads the timer that start-up assigns.
		{"node/cron.go", "\tc.timer = time.AfterFunc(in, func() {", "\tc.Lock()\n\tdefer c.Unlock()\n\tc.timer = time.AfterFunc(in, func() {"},
		{"node/cron.go", "\t\tc.timer.Reset(in)\n", "\t\tc.RLock()\n\t\tc.timer.Reset(in)\n\t\tc.RUnlock()\n"},
		// It assigns the next time under a read lock.
		{"node/cron.go", "func (c *cron) schedule(next time.Time) {\n\tc.RLock()\n\tdefer c.RUnlock()\n", "func (c *cron) schedule(next time.Time) {\n\tc.Lock()\n\tdefer c.Unlock()\n"},
		// A process that has started is reachable (by a message it sent
		// during its Init) while its state is assigned without an atomic.
		{"node/node.go", "\tp.state = int32(gen.ProcessStateSleep)\n", "\tatomic.StoreInt32(&p.state, int32(gen.ProcessStateSleep))\n"},
	}
}

func main() {
	if err := prepare("."); err != nil {
		fmt.Fprintln(os.Stderr, "racepatch:", err)
		os.Exit(1)
	}
}

// prepare writes build/ergo, race.mod and race.sum below root.
func prepare(root string) error {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("find %s in the module cache: %w", module, err)
	}
	source := strings.TrimSpace(string(out))
	if source == "" {
		return fmt.Errorf("%s is not in the module cache: run go mod download", module)
	}
	target := filepath.Join(root, copyTo)
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	if err := copyTree(source, target); err != nil {
		return err
	}
	for _, e := range edits() {
		if err := e.apply(target); err != nil {
			return err
		}
	}
	return writeModFiles(root)
}

// copyTree copies the files a build needs, writable.
func copyTree(source, target string) error {
	return filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		to := filepath.Join(target, rel)
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		if name := d.Name(); !strings.HasSuffix(name, ".go") && name != "go.mod" && name != "LICENSE" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o644)
	})
}

func (e edit) apply(dir string) error {
	path := filepath.Join(dir, e.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), e.old); n != 1 {
		return fmt.Errorf("%s: the text to mend occurs %d times instead of once: has Ergo changed?", e.file, n)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(text), e.old, e.new, 1)), 0o644)
}

// writeModFiles derives race.mod and race.sum from go.mod and go.sum.
func writeModFiles(root string) error {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	replace := regexp.MustCompile(`(?m)^replace ` + regexp.QuoteMeta(module) + ` => .*$`)
	if !replace.Match(mod) {
		return fmt.Errorf("go.mod has no line that replaces %s", module)
	}
	mod = replace.ReplaceAll(mod, []byte("replace "+module+" => ./"+copyTo))
	if err := os.WriteFile(filepath.Join(root, "race.mod"), mod, 0o644); err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "race.sum"), sum, 0o644)
}
