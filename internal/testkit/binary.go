package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Binary returns the path of the fjord binary under test: $FJORD_BIN when the
// Makefile has set it, else one built from this tree, once per test process.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := builtOnce()
	if err != nil {
		t.Fatalf("find the binary under test: %v", err)
	}
	return path
}

var builtOnce = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("FJORD_BIN"); path != "" {
		return filepath.Abs(path)
	}
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "build", "testkit", "fjord")
	// Linked aside and renamed, so that several test processes may do it at once.
	aside := fmt.Sprintf("%s.%d", path, os.Getpid())
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "nomsgpack", "-o", aside, "./cmd/fjord")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/fjord: %w\n%s", err, out)
	}
	return path, os.Rename(aside, path)
})

// Root returns the root folder of the repository.
func Root(t testing.TB) string {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// moduleRoot walks up from the working folder, which for a test is its package's.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above the working folder")
		}
		dir = up
	}
}

// NeedRoot fails the test when it does not run as root; the Makefile leaves
// such suites out for other users and says so.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this suite makes network namespaces or containers and needs root")
	}
}

// NeedTools fails the test when a program is missing.
func NeedTools(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is missing: run make deps", name)
		}
	}
}

// Soak says whether the long forms of tests were asked for (FJORD_SOAK=1).
func Soak() bool { return os.Getenv("FJORD_SOAK") == "1" }
