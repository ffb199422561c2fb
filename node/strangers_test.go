package node

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/dist"
)

// openings are what strangers send first: nothing, lies about lengths, a name that
// is too long, other protocols, and a greeting of a node, after which they would
// have to know the cookie.
func openings() [][]byte {
	message := func(b ...byte) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...) }
	greeting := func(name string) []byte {
		b := binary.BigEndian.AppendUint64([]byte{'N'}, uint64(dist.DefaultFlags))
		b = binary.BigEndian.AppendUint32(b, 77)
		return message(append(binary.BigEndian.AppendUint16(b, uint16(len(name))), name...)...)
	}
	return [][]byte{
		nil, {0}, {0xff, 0xff, 'N'}, {8, 0, 'N'}, message('N'), message(),
		greeting("stranger@localhost"), greeting("other@localhost"), greeting("go@localhost"), greeting("no name"),
		greeting(string(bytes.Repeat([]byte("x"), 1000)) + "@localhost"),
		append(greeting("stranger@localhost"), message(append([]byte{'r'}, make([]byte, 20)...)...)...),
		append(greeting("stranger@localhost"), 0xff, 0xff, 0xff, 0xff),
		[]byte("GET / HTTP/1.1\r\nHost: go\r\n\r\n"), {0x7f, 0xff, 0xff, 0xff, 131, 104}, {22, 3, 1, 0xff, 0xff},
	}
}

// TestTenThousandStrangers lets ten thousand strangers come and stay: they cost no
// more than the bound of those in their handshake, a node gets in beside them, and
// nothing is left of them.
func TestTenThousandStrangers(t *testing.T) {
	const (
		strangers = 10_000
		kept      = 1000 // of which the strangers' ends stay open
		each      = 64 << 10
	)
	l := newLab(t)
	n := l.start(t, "go@localhost")
	friend := l.start(t, "friend@localhost")
	mustConnect(t, friend, n.Name())
	before, goroutines := heap(), runtime.NumGoroutine()
	open := make([]net.Conn, kept)
	lines := openings()
	for i := range strangers {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n.Port()))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write(lines[i%len(lines)]) // fails when it is cut off already
		if old := open[i%kept]; old != nil {
			_ = old.Close()
		}
		open[i%kept] = conn
		if i%1000 == 999 {
			// Those that were cut off are about to end.
			within(t, 5*time.Second, "one goroutine each", func() bool { return runtime.NumGoroutine()-goroutines <= maxGuests+10 })
		}
	}
	if grown := heap() - before; grown > maxGuests*each {
		t.Errorf("%d KB more are in use", grown>>10)
	} else {
		t.Logf("%d KB more in use, %d in their handshake", grown>>10, n.lobby.size())
	}
	late := l.start(t, "late@localhost")
	mustConnect(t, late, n.Name())
	for _, conn := range open {
		_ = conn.Close()
	}
	within(t, 5*time.Second, "they are gone", func() bool { return n.lobby.size() == 0 })
	if nodes := n.Nodes(); len(nodes) != 2 {
		t.Errorf("nodes %v", nodes)
	}
	within(t, 5*time.Second, "their names are forgotten", func() bool { return linksLeft(n) == 2 && guestsLeft(n) == 0 })
}
