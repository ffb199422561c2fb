package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	pb "github.com/fjord-media/fjord/proto"
	"github.com/fjord-media/fjord/room"
)

// receiver is a webhook's other end. answer decides the status of the n-th
// request.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	answer func(n int, w http.ResponseWriter, r *http.Request)
}

func startReceiver(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	rc := &receiver{answer: answer}
	rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s", r.Method, r.Header.Get("Content-Type"))
		}
		rc.mu.Lock()
		rc.bodies = append(rc.bodies, string(body))
		n := len(rc.bodies)
		rc.mu.Unlock()
		if answer != nil {
			answer(n, w, r)
		}
	}))
	t.Cleanup(rc.Close)
	return rc
}

func (rc *receiver) got() []string {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return slices.Clone(rc.bodies)
}

func startWebhooks(t *testing.T, urls map[room.ID]string, rule AddressRule) *Webhooks {
	t.Helper()
	w := NewWebhooks(context.Background(), WebhookOptions{
		URL: func(id room.ID) string { return urls[id] }, Allow: rule, Backoff: time.Millisecond,
	})
	t.Cleanup(func() {
		if err := w.Close(context.Background(), 10*time.Second); err != nil {
			t.Error(err)
		}
	})
	return w
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func TestWebhooksKeepTheOrder(t *testing.T) {
	good := startReceiver(t, nil)
	release := make(chan struct{})
	dead := startReceiver(t, func(int, http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	w := startWebhooks(t, map[room.ID]string{"a": good.URL, "b": dead.URL + "/x"}, AddressRule{})
	w.Notify(room.RoomCreated{ID: "b"})
	w.Notify(room.RoomCreated{ID: "c"}) // without a webhook
	w.Notify(room.RoomCreated{ID: "a"})
	for i := range 200 {
		w.Notify(room.PeerAdded{ID: "a", Peer: fmt.Sprint(i)})
		w.Notify(room.PeerAdded{ID: "c", Peer: fmt.Sprint(i)})
	}
	w.Notify(room.RoomDeleted{ID: "a"})
	w.Notify(room.PeerAdded{ID: "a", Peer: "late"})
	until(t, "all deliveries", func() bool { return len(good.got()) == 202 })
	for i, body := range good.got() {
		var m pb.ServerMessage
		if err := proto.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
		if p := m.GetPeerAdded(); p != nil && p.GetPeerId() != fmt.Sprint(i-1) || i == 0 && m.GetRoomCreated() == nil || i == 201 && m.GetRoomDeleted() == nil {
			t.Fatalf("delivery %d is %v", i, &m)
		}
	}
	until(t, "only the dead one's waits", func() bool { n, oldest := w.Waiting(); return n == 1 && oldest > 0 })
}

func TestWebhooksTryAgain(t *testing.T) {
	rc := startReceiver(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n < 4 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	w := startWebhooks(t, nil, AddressRule{})
	w.Deliver(rc.URL, room.RoomCreated{ID: "a"})
	w.Deliver(rc.URL, room.RoomDeleted{ID: "a"})
	until(t, "delivered", func() bool { return w.Counts().Delivered.Load() == 2 })
	if got := rc.got(); len(got) != 5 || got[0] != got[3] || got[3] == got[4] || w.Counts().Retried.Load() != 3 {
		t.Errorf("%q", got)
	}
}

// A receiver that takes the body and does not answer is left after a while.
func TestWebhooksTimeOut(t *testing.T) {
	hung := make(chan struct{})
	defer close(hung)
	rc := startReceiver(t, func(n int, _ http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			<-hung
		}
	})
	w := startWebhooks(t, nil, AddressRule{})
	w.Timeout = 500 * time.Millisecond
	w.Deliver(rc.URL, room.RoomCreated{ID: "a"})
	until(t, "delivered", func() bool { return w.Counts().Delivered.Load() == 1 })
	if w.Counts().Retried.Load() == 0 || len(rc.got()) < 2 {
		t.Errorf("%d attempts", len(rc.got()))
	}
}

func TestWebhooksGiveUp(t *testing.T) {
	broken := startReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	gone := startReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	w := startWebhooks(t, nil, AddressRule{})
	for range 3 {
		w.Deliver(broken.URL, room.RoomCreated{ID: "a"})
		w.Deliver(gone.URL, room.RoomCreated{ID: "a"})
	}
	w.Deliver("ftp://x/y", room.RoomCreated{ID: "a"})
	w.Deliver("http://a b/", room.RoomCreated{ID: "a"})
	w.Deliver("http:///a", room.RoomCreated{ID: "a"})
	until(t, "all given up", func() bool { n, _ := w.Waiting(); return n == 0 && w.Counts().Failed.Load() == 9 })
	if len(broken.got()) != webhookTries+2 || len(gone.got()) != 3 {
		t.Errorf("%d and %d attempts", len(broken.got()), len(gone.got()))
	}
}

// TestWebhooksKeepSecrets: a receiver's token in the URL stays out of the log,
// whatever fails.
func TestWebhooksKeepSecrets(t *testing.T) {
	away := startReceiver(t, nil)
	away.Close()
	var lines strings.Builder // read after Close only
	w := NewWebhooks(context.Background(), WebhookOptions{
		URL: func(room.ID) string { return "" }, Backoff: time.Millisecond, Logger: slog.New(slog.NewTextHandler(&lines, nil)),
	})
	urls := []string{away.URL + "/hook?k=sesame", "http://u:sesame@" + away.Listener.Addr().String(), "http://[::/?k=sesame"}
	for _, url := range urls {
		w.Deliver(url, room.RoomCreated{ID: "a"})
	}
	until(t, "failed", func() bool { return w.Counts().Failed.Load() == int64(len(urls)) })
	if err := w.Close(context.Background(), 10*time.Second); err != nil {
		t.Error(err)
	}
	if text := lines.String(); strings.Contains(text, "sesame") || strings.Count(text, "fails") != len(urls) || !strings.Contains(text, "connection refused") {
		t.Error(text)
	}
}

func TestWebhooksFollowRedirects(t *testing.T) {
	final := startReceiver(t, nil)
	for _, code := range []int{301, 302, 303, 307, 308} {
		rc := startReceiver(t, func(_ int, w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, final.URL, code) })
		w := startWebhooks(t, nil, AddressRule{})
		w.Deliver(rc.URL, room.RoomCreated{ID: "a"})
		until(t, fmt.Sprint(code), func() bool { return w.Counts().Delivered.Load() == 1 })
	}
	circle := startReceiver(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
	})
	w := startWebhooks(t, nil, AddressRule{})
	w.Deliver(circle.URL, room.RoomCreated{ID: "a"})
	until(t, "given up", func() bool { return w.Counts().Failed.Load() == 1 })
	if len(final.got()) != 5 || len(circle.got()) != webhookRedirects {
		t.Errorf("%d, %d", len(final.got()), len(circle.got()))
	}
}

func TestWebhooksQueueIsBounded(t *testing.T) {
	release := make(chan struct{})
	rc := startReceiver(t, func(n int, _ http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			<-release
		}
	})
	w := startWebhooks(t, nil, AddressRule{})
	for range maxWebhooks + 7 {
		w.Deliver(rc.URL, room.RoomCreated{ID: "a"})
	}
	if dropped := w.Counts().Dropped.Load(); dropped != 7 {
		t.Errorf("%d dropped", dropped)
	}
	close(release)
	until(t, "the rest", func() bool { return w.Counts().Delivered.Load() == maxWebhooks })
}

func TestAddressRule(t *testing.T) {
	rule := AddressRule{Public: true, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, Hosts: []string{"hooks.test", "*.in.test"}}
	for _, c := range []struct {
		host, addr string
		want       bool
	}{
		{"x", "93.184.216.34", true}, {"x", "2606:2800:220:1::1", true}, {"x", "127.0.0.1", false}, {"x", "::1", false},
		{"x", "169.254.169.254", false}, {"x", "192.168.1.1", false}, {"x", "10.1.2.3", true}, {"x", "10.2.2.3", false},
		{"x", "::ffff:10.1.2.3", true}, {"x", "::ffff:127.0.0.1", false}, {"x", "fe80::1%eth0", false}, {"x", "fd00::1", false},
		{"x", "0.0.0.0", false}, {"x", "100.64.0.1", false}, {"x", "64:ff9b::7f00:1", false}, {"x", "224.0.0.1", false},
		{"hooks.test", "127.0.0.1", true}, {"HOOKS.test.", "127.0.0.1", true}, {"a.in.test", "10.9.9.9", true}, {"in.test", "10.9.9.9", false},
	} {
		if got := rule.allows(c.host, netip.MustParseAddr(c.addr)); got != c.want {
			t.Errorf("%s %s: %v", c.host, c.addr, got)
		}
	}
	rc := startReceiver(t, nil)
	w := startWebhooks(t, nil, AddressRule{Public: true})
	if err := w.post(context.Background(), rc.URL, nil); !errors.Is(err, errForbidden) || !errors.Is(err, errRefused) {
		t.Error(err)
	}
	w.Deliver(rc.URL, room.RoomCreated{ID: "a"})
	until(t, "given up", func() bool { return w.Counts().Failed.Load() == 1 })
	if len(rc.got()) != 0 {
		t.Error("a forbidden address was reached")
	}
}
