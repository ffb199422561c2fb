//go:build interop

package epmdsuite

import (
	"os/exec"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestEPMDSuite wants 31 ok, 0 failed, 2 skipped.
func TestEPMDSuite(t *testing.T) {
	testkit.NeedTools(t, "ct_run", "erlc", "apt-get", "xz")
	out, err := exec.Command("./run.sh", testkit.Binary(t)).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("run.sh: %v", err)
	}
}
