//go:build unix

package rawio

import "syscall"

// ReadTold is Read by an ordinary system call, of which the scheduler is told.
func ReadTold(fd uintptr, b []byte) (int, error) {
	return told(func() (int, error) { return syscall.Read(int(fd), b) })
}

func told(call func() (int, error)) (int, error) {
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
