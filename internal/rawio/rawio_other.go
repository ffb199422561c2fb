//go:build unix && (!linux || race)

package rawio

import "syscall"

// Read reads what is there.
func Read(fd uintptr, b []byte) (int, error) {
	return transfer(func() (int, error) { return syscall.Read(int(fd), b) })
}

// Write writes what the socket's buffer takes.
func Write(fd uintptr, b []byte) (int, error) {
	return transfer(func() (int, error) { return syscall.Write(int(fd), b) })
}

func transfer(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		switch err {
		case nil:
			return n, nil
		case syscall.EINTR:
		default:
			return 0, err
		}
	}
}
