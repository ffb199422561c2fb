//go:build e2e

package testkit

import (
	"strings"
	"testing"
)

func TestDocker(t *testing.T) {
	d := StartDocker(t)
	if out := d.Run("version", "--format", "{{.Server.Version}}"); strings.TrimSpace(out) == "" {
		t.Error("no server version")
	}
}
