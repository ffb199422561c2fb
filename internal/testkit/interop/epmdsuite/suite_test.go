//go:build interop

// Package epmdsuite runs OTP's own test suite of the port mapper against the
// built binary. It takes about five minutes, nearly all of it waiting.
package epmdsuite

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
)

func TestEPMDSuite(t *testing.T) {
	testkit.NeedTools(t, "ct_run", "erlc")
	cmd := exec.Command(filepath.Join(testkit.Root(t), "internal", "testkit", "epmdsuite", "run.sh"), testkit.Binary(t))
	cmd.Env = os.Environ()
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("epmd_SUITE: %v", err)
	}
}
