//go:build e2e

package mixed

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/fjord-media/fjord/internal/testkit"
	pb "github.com/fjord-media/fjord/proto"
)

// listener is a server socket that keeps what it hears.
type listener struct {
	mu      sync.Mutex
	events  []string // "room_created ID", "peer_added ID PEER", "track_added ID PEER TRACK"
	reports int
}

// listen opens a server socket of a node, subscribed to notifications and
// metrics, until the test ends.
func listen(t testing.TB, f *testkit.Fjord) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ws, answer, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(f.API, "http")+"/socket/server/websocket", nil)
	if err != nil {
		cancel()
		t.Fatalf("%s: server socket: %v %v", f.Name, answer, err)
	}
	ws.SetReadLimit(1 << 20)
	l := &listener{}
	send := func(m *pb.ServerMessage) {
		t.Helper()
		b, err := proto.Marshal(m)
		if err == nil {
			err = ws.Write(ctx, websocket.MessageBinary, b)
		}
		if err == nil {
			_, _, err = ws.Read(ctx)
		}
		if err != nil {
			t.Fatalf("%s: server socket: %v", f.Name, err)
		}
	}
	send(&pb.ServerMessage{Content: &pb.ServerMessage_AuthRequest_{AuthRequest: &pb.ServerMessage_AuthRequest{Token: testkit.Token}}})
	for _, kind := range []pb.ServerMessage_EventType{2, 1} { // metrics, notifications: the answer to the second may come after a report
		send(&pb.ServerMessage{Content: &pb.ServerMessage_SubscribeRequest_{SubscribeRequest: &pb.ServerMessage_SubscribeRequest{EventType: kind}}})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.read(ctx, ws)
	}()
	t.Cleanup(func() {
		cancel()
		_ = ws.CloseNow()
		<-done
	})
	return l
}

func (l *listener) read(ctx context.Context, ws *websocket.Conn) {
	for {
		_, b, err := ws.Read(ctx)
		if err != nil {
			return
		}
		var m pb.ServerMessage
		if proto.Unmarshal(b, &m) == nil {
			l.take(&m)
		}
	}
}

// take keeps an event as its name in the protocol with the ids that it names,
// the room's first.
func (l *listener) take(m *pb.ServerMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	content := m.ProtoReflect()
	kind := content.WhichOneof(content.Descriptor().Oneofs().ByName("content"))
	if kind == nil {
		return
	}
	if kind.Name() == "metrics_report" {
		l.reports++
		return
	}
	words := []string{string(kind.Name())}
	event := content.Get(kind).Message()
	for _, name := range []protoreflect.Name{"room_id", "peer_id", "component_id"} {
		if f := event.Descriptor().Fields().ByName(name); f != nil && event.Has(f) {
			words = append(words, event.Get(f).String())
		}
	}
	if f := event.Descriptor().Fields().ByName("track"); f != nil {
		track := event.Get(f).Message()
		words = append(words, track.Get(track.Descriptor().Fields().ByName("id")).String())
	}
	l.events = append(l.events, strings.Join(words, " "))
}

// of lists the events of a room in the order in which they were heard.
func (l *listener) of(room string) (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if words := strings.Fields(e); len(words) > 1 && words[1] == room {
			all = append(all, e)
		}
	}
	return all
}

// count is how often an event was heard.
func (l *listener) count(event string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if e == event {
			n++
		}
	}
	return n
}

// counts counts all events of a kind by room.
func (l *listener) counts(kind string) map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string]int{}
	for _, e := range l.events {
		if rest, ok := strings.CutPrefix(e, kind+" "); ok {
			id, _, _ := strings.Cut(rest, " ")
			all[id]++
		}
	}
	return all
}

func (l *listener) metrics() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reports
}

// once waits for an event and checks, at the end of the test, that it did not
// come again.
func (l *listener) once(t *testing.T, event string) {
	t.Helper()
	testkit.Within(t, 2*time.Second, "heard: "+event, func() bool { return l.count(event) > 0 })
	t.Cleanup(func() {
		if n := l.count(event); n != 1 {
			t.Errorf("heard %d times: %s", n, event)
		}
	})
}

// hooks is a web server that counts webhooks.
type hooks struct {
	listener
	url string
}

// webhooks starts one on a loopback port.
func webhooks(t testing.TB) *hooks {
	t.Helper()
	h := &hooks{}
	port := testkit.FreePorts(t, 1)[0]
	h.url = fmt.Sprintf("http://127.0.0.1:%d/hook", port)
	server := &http.Server{Addr: fmt.Sprintf("127.0.0.1:%d", port), Handler: h, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.ListenAndServe()
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	testkit.Within(t, time.Second, "webhooks are received", func() bool { return testkit.PortOpen(nil, fmt.Sprintf("127.0.0.1:%d", port)) })
	return h
}

// ServeHTTP takes a webhook.
func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	var m pb.ServerMessage
	if err != nil || proto.Unmarshal(b, &m) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.take(&m)
}
