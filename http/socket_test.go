package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	pb "github.com/fjord-media/fjord/proto"
	"github.com/fjord-media/fjord/room"
)

// startSockets serves server sockets only.
func startSockets(t *testing.T, change func(*Sockets)) (*Sockets, string) {
	t.Helper()
	s := NewSockets(context.Background(), SocketOptions{Token: "t", Origins: Origins{Any: true}})
	if change != nil {
		change(s)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handler(r.URL.Path)(w, r) }))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return s, "ws" + strings.TrimPrefix(server.URL, "http") + "/socket/server/websocket"
}

// listener is a server that subscribed to notifications.
func listener(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	for _, frame := range []string{"\x3a\x03\x0a\x01t", "\x42\x02\x08\x01"} {
		if err := ws.Write(ctx, websocket.MessageBinary, []byte(frame)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ws.Read(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return ws
}

func closeOf(t *testing.T, ws *websocket.Conn) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		_, _, err := ws.Read(ctx)
		var closed websocket.CloseError
		if errors.As(err, &closed) {
			return int(closed.Code), closed.Reason
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSilentSocketEnds(t *testing.T) {
	_, url := startSockets(t, func(s *Sockets) { s.clock = clock{pingEvery: time.Hour, maxSilent: 50 * time.Millisecond} })
	ws, _, err := websocket.Dial(context.Background(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if code, reason := closeOf(t, ws); code != closeNormal || reason != "" {
		t.Errorf("%d %q", code, reason)
	}
}

// Pongs keep a client that only listens.
func TestPingsKeepASocket(t *testing.T) {
	s, url := startSockets(t, func(s *Sockets) { s.clock = clock{pingEvery: 20 * time.Millisecond, maxSilent: 2 * time.Second} })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	pings := make(chan struct{}, 1000)
	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool { pings <- struct{}{}; return true }})
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.Write(ctx, websocket.MessageBinary, []byte("\x3a\x03\x0a\x01t")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ws.Read(ctx); err != nil {
		t.Fatal(err)
	}
	reading := ws.CloseRead(ctx) // answers pings
	for range 5 {
		select {
		case <-pings:
		case <-reading.Done():
			t.Fatal("closed")
		}
	}
	_ = ws.CloseNow()
	_ = s
}

func TestSlowConsumerIsCutOff(t *testing.T) {
	const limit = 4 << 20
	s, url := startSockets(t, func(s *Sockets) { s.hub.notifications.limit = limit })
	slow, quick := listener(t, url), listener(t, url)
	defer slow.CloseNow()
	var got int
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			if _, _, err := quick.Read(context.Background()); err != nil {
				return
			}
			got++
		}
	})
	// A reason long enough to fill the buffers of the system, too.
	e := room.PeerCrashed{ID: "r", Peer: "p", Reason: strings.Repeat("x", 8000)}
	sent, cut, reading := 0, false, s.hub.notifications.all()[1]
	for ; !cut && sent < 100*limit/len(e.Reason); sent++ {
		s.Notify(e)
		for reading.behind() > limit/4 { // as fast as the quick one reads
			time.Sleep(time.Millisecond)
		}
		for _, f := range s.hub.notifications.all() {
			f.mu.Lock()
			cut = cut || f.at == nil
			f.mu.Unlock()
		}
	}
	if code, reason := closeOf(t, slow); code != closeTryLater || reason != "slow consumer" {
		t.Errorf("%d %q", code, reason)
	}
	until(t, "it is out", func() bool { return len(s.hub.notifications.all()) == 1 })
	_ = quick.Close(websocket.StatusNormalClosure, "")
	wg.Wait()
	if got < sent/2 {
		t.Errorf("%d of %d", got, sent)
	}
}

// Notifications of one room reach everybody in order.
func TestNotificationsStayInOrder(t *testing.T) {
	s, url := startSockets(t, nil)
	const clients, events = 20, 2000
	var wg sync.WaitGroup
	for range clients {
		ws := listener(t, url)
		wg.Go(func() {
			defer ws.CloseNow()
			for i := range events {
				_, b, err := ws.Read(context.Background())
				var m pb.ServerMessage
				if err != nil || proto.Unmarshal(b, &m) != nil || m.GetPeerAdded().GetPeerId() != fmt.Sprint(i) {
					t.Errorf("event %d is %v, %v", i, &m, err)
					return
				}
			}
		})
	}
	for i := range events {
		s.Notify(room.PeerAdded{ID: "r", Peer: fmt.Sprint(i)})
	}
	wg.Wait()
}

func TestCloseTellsClients(t *testing.T) {
	s, url := startSockets(t, nil)
	ws := listener(t, url)
	s.Notify(room.RoomCrashed{ID: "r"})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, b, err := ws.Read(ctx); err != nil || string(b) != "\x0a\x03\x0a\x01r" {
		t.Errorf("%q %v", b, err)
	}
	if code, _ := closeOf(t, ws); code != closeGoingAway {
		t.Error(code)
	}
}

func TestOrigins(t *testing.T) {
	list := func(entries ...string) Origins { return Origins{Allowed: entries, Host: "fjord.test:1"} }
	own := Origins{Host: "fjord.test:443/path"}
	for _, c := range []struct {
		origins Origins
		origin  string
		want    bool
	}{
		{own, "", true}, {own, "https://fjord.test", true}, {own, "http://FJORD.test:9", true}, {own, "http://evil.test", false},
		{own, "null", false}, {own, "://", false}, {own, "http://fjord.test.evil", false},
		{Origins{Any: true}, "http://evil.test", true},
		{Origins{SameHost: true}, "http://asked.test:80", true}, {Origins{SameHost: true}, "http://asked.test:81", false},
		{Origins{SameHost: true}, "https://asked.test", false},
		{list("//a.test"), "http://a.test:7", true}, {list("a.test"), "http://a.test:7", true}, {list("//a.test"), "http://fjord.test", false},
		{list("//a.test:7"), "http://a.test:7", true}, {list("//a.test:7"), "http://a.test", false},
		{list("https://a.test"), "https://a.test", true}, {list("https://a.test"), "http://a.test", false}, {list("https://a.test"), "https://a.test:8", false},
		{list("//*.a.test"), "http://b.a.test", true}, {list("//*.a.test"), "http://a.test", true}, {list("//*.a.test"), "http://ba.test", false},
		{list("//[::1]:7"), "http://[::1]:7", true}, {list("//x", "//y"), "http://y", true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/socket/peer/websocket", nil)
		r.Host = "asked.test"
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := c.origins.allows(r); got != c.want {
			t.Errorf("%+v %q: %v", c.origins, c.origin, got)
		}
	}
}

func TestUpgradeFaults(t *testing.T) {
	good := func() *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for name, v := range map[string]string{"Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-Websocket-Key": "x", "Sec-Websocket-Version": "13"} {
			r.Header.Set(name, v)
		}
		return r
	}
	for _, c := range []struct {
		change func(*http.Request)
		want   string
	}{
		{func(*http.Request) {}, ""},
		{func(r *http.Request) { r.Header.Del("Connection") }, "'connection' header must contain 'upgrade', got []"},
		{func(r *http.Request) { r.Header.Set("Connection", "close") }, `'connection' header must contain 'upgrade', got ["close"]`},
		{func(r *http.Request) { r.Header.Set("Upgrade", "h2c") }, `'upgrade' header must contain 'websocket', got ["h2c"]`},
		{func(r *http.Request) { r.Header.Del("Sec-Websocket-Key") }, "'sec-websocket-key' header is absent"},
		{func(r *http.Request) { r.Header.Set("Sec-Websocket-Version", "8") }, `'sec-websocket-version' header must equal '13', got ["8"]`},
		{func(r *http.Request) { r.Header.Set("Connection", "a#{b}\xff") }, `'connection' header must contain 'upgrade', got [<<97, 35, 123, 98, 125, 255>>]`},
		{func(r *http.Request) { r.Header.Set("Connection", "a#{b}") }, `'connection' header must contain 'upgrade', got ["a\#{b}"]`},
		{func(r *http.Request) { r.ProtoMajor, r.ProtoMinor, r.Proto = 2, 0, "HTTP/2.0" }, "HTTP method GET unsupported"},
		{func(r *http.Request) { r.ProtoMinor = 0; r.Proto = "HTTP/1.0" }, "HTTP version HTTP/1.0 unsupported"},
	} {
		r := good()
		c.change(r)
		if got := upgradeFault(r); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestFrames(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
		client, server := net.Pipe()
		f := frame([]byte(strings.Repeat("x", n)))
		go func() { _, _ = server.Write(f) }()
		head := make([]byte, len(f)-n)
		if _, err := client.Read(head); err != nil || head[0] != 0x82 || len(f)-n != map[bool]int{true: 2}[n < 126]+map[bool]int{true: 4}[n >= 126 && n < 65536]+map[bool]int{true: 10}[n >= 65536] {
			t.Errorf("%d: head %x, %v", n, head, err)
		}
		_ = client.Close()
		_ = server.Close()
	}
	if got := closeReason(strings.Repeat("é", 100)); len(got) != 122 {
		t.Errorf("%d bytes", len(got))
	}
}
