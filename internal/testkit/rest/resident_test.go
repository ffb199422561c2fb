package rest_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// residentKB is the memory of a process that is in RAM.
func residentKB(t *testing.T, pid int) int {
	t.Helper()
	for line := range strings.Lines(readProc(t, pid, "status")) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n
		}
	}
	return 0
}

// readProc reads a file of /proc/<pid>.
func readProc(t *testing.T, pid int, file string) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
