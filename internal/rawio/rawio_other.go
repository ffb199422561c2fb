//go:build unix && (!linux || race)

package rawio

import "syscall"

// Read reads what is there.
func Read(fd uintptr, b []byte) (int, error) { return ReadTold(fd, b) }

// Write writes what the socket's buffer takes.
func Write(fd uintptr, b []byte) (int, error) {
	return told(func() (int, error) { return syscall.Write(int(fd), b) })
}
