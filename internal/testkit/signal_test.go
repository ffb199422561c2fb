//go:build linux

package testkit

import (
	"syscall"
	"testing"
	"time"
)

// A program that was stopped has stopped when Signal returns, and goes on later.
func TestSignalStops(t *testing.T) {
	p := Start(t, Command{Name: "loop", Path: "sh", Args: []string{"-c", "while :; do :; done"}})
	for range 20 {
		p.Signal(t, syscall.SIGSTOP)
		if !Stopped(p.Pid) {
			t.Fatal("it runs")
		}
		p.Signal(t, syscall.SIGCONT)
		Within(t, 2*time.Second, "it runs again", func() bool { return !Stopped(p.Pid) })
	}
	p.Kill(t)
	if !Stopped(p.Pid) {
		t.Error("it runs although it was killed")
	}
}
