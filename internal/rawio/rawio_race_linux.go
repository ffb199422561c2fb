//go:build race

package rawio

import "syscall"

// With the race detector the calls are ordinary ones: it takes what goes through a
// socket for an order of events, but only when told.

// Accept accepts a connection, which does not wait either.
func Accept(fd uintptr) (conn int, err error) {
	conn, _, err = syscall.Accept4(int(fd), syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
	return conn, err
}

// Close closes a connection that Accept gave.
func Close(conn int) { _ = syscall.Close(conn) }
