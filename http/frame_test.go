package httpapi

import (
	"bufio"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSilence is counted from the client's last byte, whatever we write.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := &socketConn{Conn: near, begun: time.Now()}
		time.Sleep(40 * time.Second)
		if got := c.silence(); got != 40*time.Second {
			t.Errorf("%v after 40 s without a byte", got)
		}
		go func() {
			_, _ = far.Write([]byte("x"))
			_, _ = io.Copy(io.Discard, far)
		}()
		if n, err := c.Read(make([]byte, 8)); n != 1 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		time.Sleep(25 * time.Second)
		if n, err := c.Write([]byte("y")); n != 1 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		if got := c.silence(); got != 25*time.Second {
			t.Errorf("%v after 25 s without a byte", got)
		}
		_, _ = near.Close(), far.Close()
	})
}

// TestBrokenFrames: frames that no library sends end the socket as protocol
// errors (RFC 6455 §5.1, §5.2); a goodbye is answered once, and nothing follows.
func TestBrokenFrames(t *testing.T) {
	_, url := startSockets(t, nil)
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "ws://"), "/")
	const protocolError = "880203ea"
	for name, c := range map[string]struct{ sent, got string }{
		"not masked":           {"\x82\x05\x3a\x03\x0a\x01t", protocolError},
		"length of 64 bits":    {"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", protocolError},
		"goodbye":              {"\x88\x82\x00\x00\x00\x00\x03\xe8", "880203e8"},
		"goodbye of few words": {"\x88\x80\x00\x00\x00\x00", "8800"},
	} {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		_, _ = io.WriteString(conn, "GET /"+path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"+c.sent)
		in := bufio.NewReader(conn)
		for line := ""; line != "\r\n" && err == nil; {
			line, err = in.ReadString('\n')
		}
		rest, err := io.ReadAll(in)
		if got := hex.EncodeToString(rest); got != c.got || err != nil {
			t.Errorf("%s: %s, want %s (%v)", name, got, c.got, err)
		}
		_ = conn.Close()
	}
}
