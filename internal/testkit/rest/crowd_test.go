//go:build linux

package rest_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// crowd is many listeners of server notifications that cost next to nothing:
// plain sockets which one goroutine reads, so that the client is not what is
// measured.
type crowd struct {
	epoll     int
	byFD      map[int32]*ear
	ears      []*ear
	first     func(event string) // called for each event that the first ear hears
	heard     func(event []byte) // called for each event of each ear
	done      sync.WaitGroup
	mu        sync.Mutex // held while bytes are read
	stop      bool
	events    int64 // of all
	lost      []string
	buffer    []byte
	readiness []syscall.EpollEvent
}

// ear is one listener.
type ear struct {
	fd     int
	rest   []byte // of a frame that is not whole yet
	events int
	hash   uint64 // of all events so far, in their order
	closed string // why it has ended
}

// listen has n listeners subscribe to the node at api (http://host:port).
func listen(t *testing.T, api string, n int) *crowd {
	t.Helper()
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{epoll: epoll, byFD: map[int32]*ear{}, buffer: make([]byte, 256<<10), readiness: make([]syscall.EpollEvent, 512)}
	t.Cleanup(c.close)
	for range n {
		fd, err := subscribe(strings.TrimPrefix(api, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		e := &ear{fd: fd}
		c.ears = append(c.ears, e)
		c.byFD[int32(fd)] = e
		if err := syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// subscribe makes a websocket that is authenticated and subscribed.
func subscribe(address string) (fd int, err error) {
	conn, err := net.DialTimeout("tcp", address, 30*time.Second)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, err
	}
	for _, step := range []struct{ send, until string }{
		{"GET /socket/server/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", "\r\n\r\n"},
		{masked("\x3a\x0d\x0a\x0b" + testkit.Token), "\x82\x02\x32\x00"},
		{masked("\x42\x02\x08\x01"), "\x82\x04\x4a\x02\x08\x01"},
	} {
		if _, err := io.WriteString(conn, step.send); err != nil {
			return 0, err
		}
		var got []byte
		for !strings.HasSuffix(string(got), step.until) {
			var one [1]byte // what follows belongs to the crowd
			if _, err := conn.Read(one[:]); err != nil {
				return 0, fmt.Errorf("after %q: %w", got, err)
			}
			got = append(got, one[0])
		}
	}
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Control(func(own uintptr) { fd, failed = syscall.Dup(int(own)) })
	return fd, errors.Join(err, failed)
}

// masked is a client's binary frame.
func masked(payload string) string {
	return "\x82" + string([]byte{0x80 | byte(len(payload)), 0, 0, 0, 0}) + payload
}

// read reads until close is called. Callbacks are set before.
func (c *crowd) read() {
	c.done.Go(func() {
		for c.turn() {
		}
	})
}

// turn reads what has come; false: close was called.
func (c *crowd) turn() bool {
	n, err := syscall.EpollWait(c.epoll, c.readiness, 50)
	if err != nil && err != syscall.EINTR {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range max(0, n) {
		e := c.byFD[c.readiness[i].Fd]
		n, err := syscall.Read(e.fd, c.buffer)
		switch {
		case err == syscall.EAGAIN, err == syscall.EINTR:
		case err != nil || n == 0:
			c.end(e, fmt.Sprintf("end: %d %v", n, err))
		default:
			c.take(e, c.buffer[:n])
		}
	}
	return !c.stop
}

func (c *crowd) end(e *ear, why string) {
	if e.closed == "" {
		e.closed = why
		c.lost = append(c.lost, why)
	}
	_ = syscall.EpollCtl(c.epoll, syscall.EPOLL_CTL_DEL, e.fd, nil)
}

// take takes the frames in b, which all are small, and answers pings.
func (c *crowd) take(e *ear, b []byte) {
	if len(e.rest) > 0 {
		b = append(e.rest, b...)
		e.rest = nil
	}
	for len(b) >= 2 && len(b) >= 2+int(b[1]) {
		payload := b[2 : 2+int(b[1])]
		switch b[0] {
		case 0x82:
			c.event(e, payload)
		case 0x89:
			_, _ = syscall.Write(e.fd, []byte("\x8a\x80\x00\x00\x00\x00"))
		default:
			c.end(e, fmt.Sprintf("%x %q", b[0], payload))
		}
		b = b[2+len(payload):]
	}
	if len(b) > 0 {
		e.rest = append(e.rest, b...)
	}
}

func (c *crowd) event(e *ear, payload []byte) {
	if c.first != nil && e == c.ears[0] {
		c.first(string(payload))
	}
	if c.heard != nil {
		c.heard(payload)
	}
	h := fnv.New64a()
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, e.hash))
	_, _ = h.Write(payload)
	e.hash = h.Sum64()
	e.events++
	c.events++
}

// total is how many events all ears have heard.
func (c *crowd) total() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.events
}

// check wants that every ear heard n events, all the same ones in one order,
// and that nobody was cut off.
func (c *crowd) check(t *testing.T, n int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lost) > 0 {
		t.Errorf("%d listeners ended, one with %s", len(c.lost), c.lost[0])
	}
	for i, e := range c.ears {
		if e.events != n || e.hash != c.ears[0].hash {
			t.Errorf("listener %d heard %d events of %d; the order of the first one: %v", i, e.events, n, e.hash == c.ears[0].hash)
			return
		}
	}
}

func (c *crowd) close() {
	c.mu.Lock()
	c.stop = true
	c.mu.Unlock()
	c.done.Wait()
	for _, e := range c.ears {
		_ = syscall.Close(e.fd)
	}
	_ = syscall.Close(c.epoll)
}

// delays counts how long events took, in steps of a millisecond.
type delays [20_000]int64

func (d *delays) add(took time.Duration) { d[min(max(0, took.Milliseconds()), int64(len(d)-1))]++ }

// quantile is the time that the part q of the events did not exceed.
func (d *delays) quantile(q float64) time.Duration {
	var all, n int64
	for _, k := range d {
		all += k
	}
	for i, k := range d {
		if n += k; float64(n) >= q*float64(all) {
			return time.Duration(i+1) * time.Millisecond
		}
	}
	return time.Duration(len(d)) * time.Millisecond
}
