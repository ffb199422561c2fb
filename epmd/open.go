package epmd

import (
	"net"
	"sync"
)

// openConns are the connections of a server, so that its end can close them.
type openConns struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	ended bool
}

// add notes conn. It reports false when the server has ended.
func (o *openConns) add(conn net.Conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return false
	}
	if o.conns == nil {
		o.conns = map[net.Conn]struct{}{}
	}
	o.conns[conn] = struct{}{}
	return true
}

func (o *openConns) remove(conn net.Conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.conns, conn)
}

// end closes all connections, those that come later included.
func (o *openConns) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	for conn := range o.conns {
		_ = conn.Close() // its goroutine ends by this
	}
}
