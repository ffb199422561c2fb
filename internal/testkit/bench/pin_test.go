//go:build bench

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// pin gives both ends of a measurement a processor each: the first to the BEAM node
// that measures, the last to what answers. Left to the scheduler, two ends that meet
// on one processor are three times as fast as two that wake each other across, and
// which it is changes from second to second.
func (p *peers) pin(t *testing.T) {
	t.Helper()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	var usable []int
	for i := 0; len(usable) < all.Count(); i++ {
		if all.IsSet(i) {
			usable = append(usable, i)
		}
	}
	if len(usable) < 2 {
		t.Log("one processor: both ends share it")
		return
	}
	pinTo(t, p.from.Pid, only(usable[0]))
	pinTo(t, p.beam.Pid, only(usable[len(usable)-1]))
	pinTo(t, os.Getpid(), only(usable[len(usable)-1]))
	procs := runtime.GOMAXPROCS(1) // as if started there
	t.Cleanup(func() {
		runtime.GOMAXPROCS(procs)
		pinTo(t, os.Getpid(), all)
	})
}

func only(cpu int) (set unix.CPUSet) {
	set.Set(cpu)
	return set
}

// pinTo pins all threads of a process; new ones follow those that start them.
func pinTo(t *testing.T, pid int, set unix.CPUSet) {
	t.Helper()
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid)) // the pattern is good
	for _, task := range tasks {
		tid, err := strconv.Atoi(filepath.Base(task))
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.SchedSetaffinity(tid, &set); err != nil && err != unix.ESRCH {
			t.Fatalf("pin thread %d: %v", tid, err)
		}
	}
}
