package epmd

import (
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// detach is what a process of its own does before it serves. Nothing in it is
// worth failing for: systems without /proc go without.
func detach() {
	signal.Ignore(syscall.SIGHUP)
	closeInherited()
	nameProcess()
}

// nameProcess gives the process (its first thread) the name epmd, whatever its
// executable is called.
func nameProcess() {
	_ = os.WriteFile("/proc/self/comm", []byte(programName), 0)
}

// closeInherited closes files, pipes and sockets that the process got from its
// parent: they could keep another program waiting for as long as EPMD lives.
// What the Go runtime opened itself is left alone.
func closeInherited() {
	const folder = "/proc/self/fd"
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= 2 {
			continue
		}
		if link, err := os.Readlink(filepath.Join(folder, entry.Name())); err == nil && foreign(link) {
			_ = syscall.Close(fd)
		}
	}
}

// foreign reports whether what a descriptor links to is not of the Go runtime.
func foreign(link string) bool {
	if strings.HasPrefix(link, "pipe:") || strings.HasPrefix(link, "socket:") {
		return true
	}
	own := strings.HasPrefix(link, "/sys/") || strings.HasPrefix(link, "/proc/")
	return strings.HasPrefix(link, "/") && !own
}
