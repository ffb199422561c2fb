//go:build unix && (!linux || race)

package dist

import "syscall"

// writeNow writes what the socket's buffer takes.
func writeNow(fd uintptr, b []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), b)
		if err != syscall.EINTR {
			return n, err
		}
	}
}
