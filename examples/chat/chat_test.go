package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/mapper"
	"go.uber.org/goleak"
)

// TestMain makes the test binary the program too, so that tests can start and
// kill real processes of it.
func TestMain(m *testing.M) {
	if os.Getenv("CHAT_MAIN") != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// lab is an EPMD and the nodes of one cluster.
type lab struct {
	epmd  int
	names []string // all that are listed
	ports []int    // of their web servers
}

func newLab(t *testing.T, nodes int) *lab {
	t.Helper()
	server := mapper.Start(t)
	l := &lab{epmd: int(server.Port()), ports: testkit.FreePorts(t, nodes)}
	for i := range nodes {
		l.names = append(l.names, fmt.Sprintf("gossipy%d@localhost", i+1))
	}
	return l
}

// start starts a node as a process; it lists the first so many nodes.
func (l *lab) start(t *testing.T, i, listed int) *testkit.Process {
	t.Helper()
	return l.startListing(t, i, l.names[:listed])
}

// startListing starts a node that lists these.
func (l *lab) startListing(t *testing.T, i int, listed []string) *testkit.Process {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return testkit.Start(t, testkit.Command{Name: l.names[i], Path: program, Env: []string{
		"CHAT_MAIN=1", "GORACE=atexit_sleep_ms=0", "CHAT_NODE=" + l.names[i], "CHAT_NODES=" + strings.Join(listed, " "),
		"CHAT_LISTEN=" + l.address(i), fmt.Sprintf("ERL_EPMD_PORT=%d", l.epmd),
	}})
}

func (l *lab) address(i int) string { return fmt.Sprintf("127.0.0.1:%d", l.ports[i]) }

// linked waits until a node serves pages and is linked with all the others.
func (l *lab) linked(t *testing.T, i int, others ...int) {
	t.Helper()
	want := make([]string, 0, len(others))
	for _, o := range others {
		want = append(want, l.names[o])
	}
	slices.Sort(want)
	testkit.Within(t, 12*time.Second, fmt.Sprintf("%s is linked with %v", l.names[i], want), func() bool {
		response, err := http.Get("http://" + l.address(i) + "/nodes")
		if err != nil {
			return false
		}
		defer func() { _ = response.Body.Close() }()
		var at struct{ Nodes []string }
		return json.NewDecoder(response.Body).Decode(&at) == nil && slices.Equal(at.Nodes, want)
	})
	http.DefaultClient.CloseIdleConnections()
}

// browser is a page in the room, of either version of the protocol.
type browser struct {
	name   string
	conn   *websocket.Conn
	codec  codec
	shouts chan string // what it has heard
	other  chan frame
	closed chan error
}

// open connects a page and joins room:1.
func (l *lab) open(t *testing.T, i int, vsn string) *browser {
	t.Helper()
	b := dial(t, l.address(i), vsn)
	b.send(t, frame{JoinRef: json.RawMessage(`"1"`), Ref: json.RawMessage("0"), Topic: "room:1", Event: "phx_join"})
	b.expect(t, "phx_reply", `{"status":"ok","response":{}}`)
	return b
}

func dial(t *testing.T, address, vsn string) *browser {
	t.Helper()
	url := "ws://" + address + "/socket/websocket"
	if vsn != "" {
		url += "?vsn=" + vsn
	}
	conn, response, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	b := &browser{
		name: address + " " + vsn, conn: conn, codec: codecs()[vsn], shouts: make(chan string, 1000), other: make(chan frame, 100), closed: make(chan error, 1),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.closed <- b.read()
	}()
	t.Cleanup(func() {
		_ = conn.CloseNow()
		<-done
	})
	return b
}

func (b *browser) read() error {
	for {
		_, text, err := b.conn.Read(context.Background())
		if err != nil {
			return err
		}
		f, err := b.codec.decode(text)
		if err != nil {
			return err
		}
		if f.Event != "shout" {
			b.other <- f
			continue
		}
		var payload struct{ Message string }
		if err := json.Unmarshal(f.Payload, &payload); err != nil {
			return err
		}
		b.shouts <- payload.Message
	}
}

func (b *browser) send(t *testing.T, f frame) {
	t.Helper()
	text, err := b.codec.encode(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.conn.Write(t.Context(), websocket.MessageText, text); err != nil {
		t.Fatal(err)
	}
}

// expect waits for a frame that is no shout.
func (b *browser) expect(t *testing.T, event, payload string) frame {
	t.Helper()
	select {
	case f := <-b.other:
		if f.Event != event || string(f.Payload) != payload {
			t.Fatalf("%s: got %s %s, want %s %s", b.name, f.Event, f.Payload, event, payload)
		}
		return f
	case err := <-b.closed:
		t.Fatalf("%s: closed: %v", b.name, err)
	case <-time.After(testkit.Slack * 5 * time.Second):
		t.Fatalf("%s: no %s came", b.name, event)
	}
	return frame{}
}

func (b *browser) shout(t *testing.T, message string) {
	t.Helper()
	b.send(t, frame{Ref: json.RawMessage("7"), Topic: "room:1", Event: "shout", Payload: fmt.Appendf(nil, `{"message":%q}`, message)})
}

// hears waits until a page hears a message, shouted again and again; then
// everybody hears what each page shouts exactly once and in order.
func everybodyHears(t *testing.T, label string, pages ...*browser) {
	t.Helper()
	for i, from := range pages {
		for j, to := range pages {
			attempt := 0
			testkit.Within(t, 5*time.Second, fmt.Sprintf("%s: page %d hears page %d", label, j, i), func() bool {
				attempt++
				text := fmt.Sprintf("%s: try %d from %d to %d", label, attempt, i, j)
				from.shout(t, text)
				return to.hearsWithin(text, 200*time.Millisecond)
			})
		}
	}
	const count = 20
	for n := range count {
		for i, from := range pages {
			from.shout(t, fmt.Sprintf("%s: %d: %d", label, i, n))
		}
	}
	for _, to := range pages {
		next := make([]int, len(pages))
		for heard := 0; heard < count*len(pages); {
			text := to.next(t)
			var from, n int
			if _, err := fmt.Sscanf(text, label+": %d: %d", &from, &n); err != nil {
				continue // one of the tries
			}
			if n != next[from] {
				t.Fatalf("%s: %s after %d of that page", to.name, text, next[from]-1)
			}
			next[from]++
			heard++
		}
	}
}

func (b *browser) next(t *testing.T) string {
	t.Helper()
	select {
	case text := <-b.shouts:
		return text
	case err := <-b.closed:
		t.Fatalf("%s: closed: %v", b.name, err)
	case <-time.After(testkit.Slack * 5 * time.Second):
		t.Fatalf("%s: hears nothing more", b.name)
	}
	return ""
}

// hearsWithin drops what else it hears meanwhile.
func (b *browser) hearsWithin(text string, limit time.Duration) bool {
	for deadline := time.After(limit); ; {
		select {
		case heard := <-b.shouts:
			if heard == text {
				return true
			}
		case <-deadline:
			return false
		}
	}
}

// TestChat is the tutorial: two nodes, one is killed and comes again, a third
// joins.
func TestChat(t *testing.T) {
	l := newLab(t, 3)
	l.start(t, 0, 2)
	second := l.start(t, 1, 2)
	l.linked(t, 0, 1)
	l.linked(t, 1, 0)
	a, b := l.open(t, 0, ""), l.open(t, 1, "2.0.0")
	everybodyHears(t, "two nodes", a, b)

	second.Kill(t)
	if err := <-b.closed; err == nil {
		t.Error("the page on the killed node stays")
	}
	l.linked(t, 0)
	everybodyHears(t, "one node", a, l.open(t, 0, "1.0.0"))

	l.start(t, 1, 2)
	l.linked(t, 1, 0)
	b = l.open(t, 1, "1.0.0")
	everybodyHears(t, "two again", a, b)

	third := l.start(t, 2, 3)
	for i, others := range [][]int{{1, 2}, {0, 2}, {0, 1}} {
		l.linked(t, i, others...)
	}
	c := l.open(t, 2, "2.0.0")
	everybodyHears(t, "three nodes", a, b, c)

	third.Signal(t, syscall.SIGTERM)
	if code := third.WaitExit(t, 5*time.Second); code != 0 {
		t.Errorf("the third ended with code %d", code)
	}
	if err := <-c.closed; websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("its page was closed with %v", err)
	}
	everybodyHears(t, "two stay", a, b)
}

// TestPageIsServed: the page is in the program.
func TestPageIsServed(t *testing.T) {
	l := newLab(t, 1)
	l.start(t, 0, 1)
	l.linked(t, 0)
	response, err := http.Get("http://" + l.address(0) + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(text), "/socket/websocket") || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		t.Errorf("%v, %s: %s", err, response.Header, text)
	}
}
