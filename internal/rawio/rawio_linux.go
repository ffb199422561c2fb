//go:build !race

package rawio

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Read reads what is there.
func Read(fd uintptr, b []byte) (int, error) { return transfer(syscall.SYS_READ, fd, b) }

// Write writes what the socket's buffer takes.
func Write(fd uintptr, b []byte) (int, error) { return transfer(syscall.SYS_WRITE, fd, b) }

func transfer(call, fd uintptr, b []byte) (int, error) {
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

// Accept accepts a connection, which does not wait either.
func Accept(fd uintptr) (conn int, err error) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_ACCEPT4, fd, 0, 0, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// Close closes a connection that Accept gave.
func Close(conn int) { _, _, _ = syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(conn), 0, 0) }
