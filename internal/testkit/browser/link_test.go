//go:build e2e

package browser

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// link passes TCP connections on to a node until it is cut.
type link struct {
	listener net.Listener

	mu    sync.Mutex
	conns []net.Conn
}

// throughLink starts a link to an API address (http://host:port).
func throughLink(t *testing.T, api string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener}
	go l.serve(strings.TrimPrefix(api, "http://"))
	t.Cleanup(func() {
		_ = listener.Close()
		l.cut()
	})
	return l
}

func (l *link) address() string { return l.listener.Addr().String() }

func (l *link) serve(target string) {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", target)
		if err != nil {
			_ = client.Close()
			continue
		}
		l.mu.Lock()
		l.conns = append(l.conns, client, server)
		l.mu.Unlock()
		go pass(client, server)
		go pass(server, client)
	}
}

func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
}

// cut breaks all connections, without a word of the websocket protocol. New
// ones are passed on.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}
