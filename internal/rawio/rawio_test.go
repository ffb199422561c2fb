//go:build linux

package rawio

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

// TestRawIO accepts, reads, writes and closes, and sees what there is not.
func TestRawIO(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	raw, err := listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	accept := func() (conn int, err error) {
		if e := raw.Control(func(fd uintptr) { conn, err = Accept(fd) }); e != nil {
			t.Fatal(e)
		}
		return conn, err
	}
	if conn, err := accept(); !errors.Is(err, syscall.EAGAIN) {
		t.Fatalf("nobody there: accepted %d, %v", conn, err)
	}
	peer, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	conn, err := accept()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 16)
	if n, err := Read(uintptr(conn), b); !errors.Is(err, syscall.EAGAIN) || n != 0 {
		t.Errorf("nothing there: read %d, %v", n, err)
	}
	if n, err := ReadTold(uintptr(conn), b); !errors.Is(err, syscall.EAGAIN) || n != 0 {
		t.Errorf("nothing there: read %d and told, %v", n, err)
	}
	if n, err := Write(uintptr(conn), []byte("hello")); n != 5 || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
	if n, err := peer.Read(b); string(b[:n]) != "hello" || err != nil {
		t.Errorf("the peer read %q, %v", b[:n], err)
	}
	if _, err := peer.Write([]byte("there")); err != nil {
		t.Fatal(err)
	}
	if n, err := Read(uintptr(conn), b); string(b[:n]) != "there" || err != nil {
		t.Errorf("read %q, %v", b[:n], err)
	}
	if n, err := Read(uintptr(conn), nil); n != 0 || err != nil {
		t.Errorf("read %d into nothing, %v", n, err)
	}
	Close(conn)
	if n, err := peer.Read(b); n != 0 || err == nil {
		t.Errorf("not closed: the peer read %d", n)
	}
}
