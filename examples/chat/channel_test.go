package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/fjord-media/fjord/internal/testkit"
)

// TestChannel walks through the events of the protocol, in both versions.
func TestChannel(t *testing.T) {
	l := newLab(t, 1)
	l.start(t, 0, 1)
	l.linked(t, 0)
	for _, vsn := range []string{"1.0.0", "2.0.0"} {
		t.Run(vsn, func(t *testing.T) { walk(t, dial(t, l.address(0), vsn)) })
	}
}

func walk(t *testing.T, b *browser) {
	say := func(topic, event, payload string) {
		t.Helper()
		b.send(t, frame{JoinRef: raw(`"9"`), Ref: raw(`"10"`), Topic: topic, Event: event, Payload: raw(payload)})
	}
	const ok, unmatched = `{"status":"ok","response":{}}`, `{"status":"error","response":{"reason":"unmatched topic"}}`
	say("phoenix", "heartbeat", `{}`)
	if f := b.expect(t, "phx_reply", ok); f.Topic != "phoenix" || string(f.Ref) != `"10"` {
		t.Errorf("the heartbeat's reply is %+v", f)
	}
	say("room:1", "shout", `{"message":"early"}`)
	b.expect(t, "phx_reply", unmatched)
	for _, topic := range []string{"lobby", "room:", "room:" + strings.Repeat("x", 300)} {
		say(topic, "phx_join", `{}`)
		b.expect(t, "phx_reply", unmatched)
	}
	say("room:1", "phx_join", `{}`)
	b.expect(t, "phx_reply", ok)
	say("room:1", "ping", `{"x":1}`)
	b.expect(t, "phx_reply", `{"status":"ok","response":{"x":1}}`)
	say("room:1", "shout", `{"message":"hi"}`)
	if text := b.next(t); text != "hi" {
		t.Errorf("heard %s", text)
	}
	say("room:1", "phx_join", `{}`) // again: the first joining ends
	b.expect(t, "phx_close", `{}`)
	b.expect(t, "phx_reply", ok)
	say("room:1", "nonsense", `{}`)
	b.expect(t, "phx_error", `{}`)
	say("room:1", "phx_join", `{}`)
	b.expect(t, "phx_reply", ok)
	say("room:1", "shout", `["no object"]`)
	b.expect(t, "phx_error", `{}`)
	say("room:1", "phx_join", `{}`)
	b.expect(t, "phx_reply", ok)
	say("room:1", "phx_leave", `{}`)
	b.expect(t, "phx_reply", ok)
	b.expect(t, "phx_close", `{}`)
	say("room:1", "shout", `{"message":"late"}`)
	b.expect(t, "phx_reply", unmatched)
	if len(b.shouts) != 0 {
		t.Errorf("%d shouts more", len(b.shouts))
	}
}

// TestRoomsAreApart: a page hears the rooms it joined, of which it may have 100.
func TestRoomsAreApart(t *testing.T) {
	l := newLab(t, 1)
	l.start(t, 0, 1)
	l.linked(t, 0)
	a, b := l.open(t, 0, "1.0.0"), l.open(t, 0, "2.0.0")
	join := func(p *browser, topic, status string) {
		t.Helper()
		p.send(t, frame{JoinRef: raw(`"2"`), Ref: raw(`"2"`), Topic: topic, Event: "phx_join"})
		p.expect(t, "phx_reply", status)
	}
	join(a, "room:2", `{"status":"ok","response":{}}`)
	a.send(t, frame{Topic: "room:2", Event: "shout", Payload: raw(`{"message":"in the other room"}`)})
	b.shout(t, "in this room")
	heard := []string{a.next(t), a.next(t)}
	if heard[0] == heard[1] || b.next(t) != "in this room" || len(b.shouts) != 0 {
		t.Errorf("heard %q, and %d more in the other", heard, len(b.shouts))
	}
	for i := 3; i <= maxRooms; i++ {
		join(a, "room:"+strings.Repeat("x", i), `{"status":"ok","response":{}}`)
	}
	join(a, "room:y", `{"status":"error","response":{"reason":"too many rooms"}}`)
}

// TestBadPages are refused, or cut off with the reason.
func TestBadPages(t *testing.T) {
	l := newLab(t, 1)
	l.start(t, 0, 1)
	l.linked(t, 0)
	for _, c := range []struct {
		query  string
		header http.Header
	}{{"?vsn=3.0.0", nil}, {"", http.Header{"Origin": {"http://elsewhere.example"}}}} {
		conn, response, err := websocket.Dial(t.Context(), "ws://"+l.address(0)+"/socket/websocket"+c.query, &websocket.DialOptions{HTTPHeader: c.header})
		if response != nil && response.Body != nil {
			_ = response.Body.Close()
		}
		if err == nil || response == nil || response.StatusCode != http.StatusForbidden {
			t.Errorf("%s %v: %v, %v, %v", c.query, c.header, conn, response, err)
		}
	}
	for text, code := range map[string]websocket.StatusCode{
		"no frame": websocket.StatusInvalidFramePayloadData, strings.Repeat(" ", maxFrame+1): websocket.StatusMessageTooBig,
	} {
		b := l.open(t, 0, "1.0.0")
		if err := b.conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-b.closed:
			if websocket.CloseStatus(err) != code {
				t.Errorf("%.10q: %v", text, err)
			}
		case <-time.After(testkit.Slack * 5 * time.Second):
			t.Errorf("%.10q: not closed", text)
		}
	}
}

// TestSlowPage: a page that does not read is cut off; the others go on.
func TestSlowPage(t *testing.T) {
	l := newLab(t, 1)
	node := l.start(t, 0, 1)
	l.linked(t, 0)
	a := l.open(t, 0, "2.0.0")
	conn, response, err := websocket.Dial(t.Context(), "ws://"+l.address(0)+"/socket/websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	defer func() { _ = conn.CloseNow() }()
	joining, _ := json.Marshal(frame{Ref: raw("1"), Topic: "room:1", Event: "phx_join", Payload: raw("{}")}) // cannot fail
	if err := conn.Write(t.Context(), websocket.MessageText, joining); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 24<<10)
	for range 1800 { // some of them fill the sockets' buffers
		a.shout(t, long)
		if text := a.next(t); text != long {
			t.Fatalf("heard %.20s", text)
		}
	}
	a.shout(t, "still there")
	if text := a.next(t); text != "still there" {
		t.Errorf("heard %.20s", text)
	}
	if node.Exited() {
		t.Error("the node has ended")
	}
	// What waits comes, then the end.
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Slack*10*time.Second)
	defer cancel()
	for {
		if _, _, err = conn.Read(ctx); err != nil {
			break
		}
	}
	if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("the slow page is closed with %v", err)
	}
}
