package node

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
)

// Bounds of connections that have not proved that they know the cookie. When
// one more comes, the oldest is closed: a real handshake takes milliseconds, so
// the oldest is one that idles. Loopback has no bound of its own, since a whole
// cluster may run on one host.
const (
	maxGuests           = 256
	maxGuestsPerAddress = 64
)

// guest is a connection in its handshake.
type guest struct {
	conn net.Conn
	addr netip.Addr
	at   *list.Element // nil when it left; guarded by lobby.mu
}

// lobby holds the guests, the oldest first.
type lobby struct {
	mu     sync.Mutex
	guests *list.List
	count  map[netip.Addr]int
}

func newLobby() *lobby { return &lobby{guests: list.New(), count: map[netip.Addr]int{}} }

// enter adds a connection and closes the oldest when there are too many.
func (b *lobby) enter(conn net.Conn) *guest {
	g := &guest{conn: conn}
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		g.addr = tcp.AddrPort().Addr().Unmap()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count[g.addr] >= maxGuestsPerAddress && !g.addr.IsLoopback() {
		b.evict(func(old *guest) bool { return old.addr == g.addr })
	}
	if b.guests.Len() >= maxGuests {
		b.evict(func(*guest) bool { return true })
	}
	g.at = b.guests.PushBack(g)
	b.count[g.addr]++
	return g
}

// evict closes the oldest guest for which match holds. Call with mu held.
func (b *lobby) evict(match func(*guest) bool) {
	for e := b.guests.Front(); e != nil; e = e.Next() {
		if g := e.Value.(*guest); match(g) {
			b.remove(g)
			_ = g.conn.Close() // its handshake sees that
			return
		}
	}
}

// leave removes a guest whose handshake is over; twice does no harm.
func (b *lobby) leave(g *guest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(g)
}

func (b *lobby) remove(g *guest) {
	if g.at == nil {
		return
	}
	b.guests.Remove(g.at)
	g.at = nil
	if b.count[g.addr]--; b.count[g.addr] <= 0 {
		delete(b.count, g.addr)
	}
}

// size is the number of guests.
func (b *lobby) size() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.guests.Len()
}
