//go:build e2e

package image

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/fjord-media/fjord/internal/testkit"
)

// TestChat is the tutorial of examples/chat in containers: two nodes, one is
// killed and comes again, a third is added while they run.
func TestChat(t *testing.T) {
	d := testkit.StartDocker(t)
	buildChat(t, d)
	c := d.Up(t, filepath.Join(testkit.Root(t), "compose", "chat.yaml"))
	linked(t, 4001, "gossipy@chat2")
	linked(t, 4002, "gossipy@chat1")
	one, two := openPage(t, 4001), openPage(t, 4002)
	hearEachOther(t, "two nodes", one, two)

	// A crash, which the engine mends.
	before := c.Pid(t, "chat2")
	c.Crash(t, "chat2")
	testkit.Within(t, 10*time.Second, "the engine has started it again", func() bool {
		pid := c.Inspect(t, "chat2", "{{.State.Pid}}")
		return pid != "0" && pid != fmt.Sprint(before)
	})
	linked(t, 4002, "gossipy@chat1")
	linked(t, 4001, "gossipy@chat2")
	two = openPage(t, 4002)
	hearEachOther(t, "after the crash", one, two)

	// Killed by hand and started by hand.
	c.Stop(t, "chat2")
	linked(t, 4001)
	hearEachOther(t, "one node", one, openPage(t, 4001))
	c.Start(t, "chat2")
	linked(t, 4002, "gossipy@chat1")
	two = openPage(t, 4002)
	hearEachOther(t, "two again", one, two)

	c.Add(t, "chat3")
	linked(t, 4003, "gossipy@chat1", "gossipy@chat2")
	linked(t, 4001, "gossipy@chat2", "gossipy@chat3")
	hearEachOther(t, "three nodes", one, two, openPage(t, 4003))
}

// buildChat makes the image of examples/chat without a network.
func buildChat(t *testing.T, d *testkit.Docker) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "chat"), "./examples/chat")
	cmd.Dir = testkit.Root(t)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build ./examples/chat: %v\n%s", err, out)
	}
	name := fmt.Sprintf("fjord-chat-test:%d", os.Getpid())
	file := filepath.Join(testkit.Root(t), "examples", "chat", "Dockerfile")
	if out, err := d.Try(dir, "build", "--file", file, "--target", "prebuilt", "--tag", name, "."); err != nil {
		t.Fatalf("docker build: %v\n%s", err, out)
	}
	t.Cleanup(func() { d.Run("rmi", "--force", name) })
	t.Setenv("CHAT_IMAGE", name)
}

// linked waits until the node behind a port is linked with these others.
func linked(t *testing.T, port int, others ...string) {
	t.Helper()
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	testkit.Within(t, 15*time.Second, fmt.Sprintf("node at %d is linked with %v", port, others), func() bool {
		response, err := client.Get(fmt.Sprintf("http://localhost:%d/nodes", port))
		if err != nil {
			return false
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		var at struct{ Nodes []string }
		return err == nil && json.Unmarshal(text, &at) == nil && strings.Join(at.Nodes, " ") == strings.Join(others, " ")
	})
}

// openedPage is a page in room:1, which speaks version 2 of the channel protocol.
type openedPage struct {
	conn  *websocket.Conn
	heard chan string
}

func openPage(t *testing.T, port int) *openedPage {
	t.Helper()
	conn, response, err := websocket.Dial(t.Context(), fmt.Sprintf("ws://localhost:%d/socket/websocket?vsn=2.0.0", port), nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	p := &openedPage{conn: conn, heard: make(chan string, 1000)}
	p.say(t, "phx_join", "{}")
	if _, text, err := conn.Read(t.Context()); err != nil || !strings.Contains(string(text), `"phx_reply",{"status":"ok"`) {
		t.Fatalf("joining: %s, %v", text, err)
	}
	go p.read(t)
	return p
}

func (p *openedPage) say(t *testing.T, event, payload string) {
	t.Helper()
	if err := p.conn.Write(t.Context(), websocket.MessageText, fmt.Appendf(nil, `["1","1","room:1",%q,%s]`, event, payload)); err != nil {
		t.Fatal(err)
	}
}

// read hears until the connection ends.
func (p *openedPage) read(t *testing.T) {
	for {
		_, text, err := p.conn.Read(t.Context())
		if err != nil {
			return
		}
		var parts []json.RawMessage
		var payload struct{ Message string }
		if json.Unmarshal(text, &parts) == nil && len(parts) == 5 && json.Unmarshal(parts[4], &payload) == nil {
			p.heard <- payload.Message
		}
	}
}

// hearEachOther waits until each page hears each, and then that each hears ten
// shouts of all exactly once.
func hearEachOther(t *testing.T, label string, pages ...*openedPage) {
	t.Helper()
	for i, from := range pages {
		for j, to := range pages {
			testkit.Within(t, 10*time.Second, fmt.Sprintf("%s: page %d hears page %d", label, j, i), func() bool {
				text := fmt.Sprintf("%s: %d to %d at %d", label, i, j, time.Now().UnixNano())
				from.say(t, "shout", fmt.Sprintf(`{"message":%q}`, text))
				return to.hears(text, 300*time.Millisecond) == 1
			})
		}
	}
	for n := range 10 {
		for i, from := range pages {
			from.say(t, "shout", fmt.Sprintf(`{"message":"%s: %d from %d"}`, label, n, i))
		}
	}
	for j, to := range pages {
		counts := map[string]int{}
		testkit.Within(t, 5*time.Second, fmt.Sprintf("%s: page %d hears all", label, j), func() bool {
			for len(to.heard) > 0 {
				if text := <-to.heard; strings.Contains(text, " from ") {
					counts[text]++
				}
			}
			return len(counts) == 10*len(pages)
		})
		for text, n := range counts {
			if n != 1 {
				t.Errorf("page %d heard %q %d times", j, text, n)
			}
		}
	}
}

// hears counts how often a text is heard, and returns at the first time.
func (p *openedPage) hears(text string, limit time.Duration) int {
	for deadline := time.After(limit); ; {
		select {
		case heard := <-p.heard:
			if heard == text {
				return 1
			}
		case <-deadline:
			return 0
		}
	}
}
