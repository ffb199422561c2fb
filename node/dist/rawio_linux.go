//go:build !race

package dist

import (
	"syscall"
	"unsafe"
)

// System calls that never wait, as those on a socket of the runtime's poller, are
// made without telling the scheduler. Told, it would wake its monitor thread
// whenever a call comes in while the program is idle: that costs more than the
// call's own two system calls. (The race detector sees only those that are told.)

// readNow reads what is there.
func readNow(fd uintptr, b []byte) (int, error) { return rawIO(syscall.SYS_READ, fd, b) }

// writeNow writes what the socket's buffer takes.
func writeNow(fd uintptr, b []byte) (int, error) { return rawIO(syscall.SYS_WRITE, fd, b) }

func rawIO(call, fd uintptr, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := syscall.RawSyscall(call, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
