package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func do(t *testing.T, h http.Handler, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestServiceErrors(t *testing.T) {
	const internal = `{"errors":{"detail":"Internal Server Error"}}`
	cases := []struct {
		err                error
		method, path, body string
		status             int
		want               string
	}{
		{room.ErrUnreachable, "POST", "/room", `{"roomId":"a"}`, 503,
			`{"errors":"Cannot add room with id \"a\" - unable to communicate with designated Fishjam instance"}`},
		{room.ErrUnreachable, "POST", "/room", ``, 503,
			`{"errors":"Cannot add room with id \"00000000-0000-4000-8000-000000000000\" - unable to communicate with designated Fishjam instance"}`},
		{room.ErrDraining, "POST", "/room", `{"roomId":"a"}`, 503,
			`{"errors":"Cannot add room with id \"a\" - this Fishjam instance takes no new rooms"}`},
		{errors.New("surprise"), "POST", "/room", ``, 500, internal},
		{errors.New("surprise"), "GET", "/room", ``, 500, internal},
		{errors.New("surprise"), "GET", "/room/a", ``, 500, internal},
		{room.ErrUnreachable, "GET", "/room/a", ``, 503, `{"errors":"Unable to reach Fishjam instance holding room a"}`},
		{room.ErrUnreachable, "DELETE", "/room/a", ``, 503, `{"errors":"Unable to reach Fishjam instance holding room a"}`},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(c.method, c.path, c.err), func(t *testing.T) {
			rooms := newFakeRooms()
			rooms.err = fmt.Errorf("wrapped: %w", c.err)
			h := newTestAPI(func(o *httpapi.Options) { o.Rooms = rooms })
			if status, body := do(t, h, c.method, c.path, c.body); status != c.status || body != c.want {
				t.Errorf("got %d %s\nwant %d %s", status, body, c.status, c.want)
			}
		})
	}
}

type panicking struct{ room.Service }

func (panicking) List(context.Context) ([]room.Room, error) { panic("boom") }

// A client that has closed its side of the connection is served all the same:
// net/http cancels the context of its request then.
func TestHalfClosedClientIsServed(t *testing.T) {
	h := newTestAPI(func(*httpapi.Options) {})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		method, path, body string
		want               int
	}{{"POST", "/room", `{"roomId":"a"}`, 201}, {"DELETE", "/room/a", "", 204}} {
		r := httptest.NewRequestWithContext(gone, c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("Authorization", "Bearer token")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
	}
}

func TestPanicCostsOneRequest(t *testing.T) {
	h := newTestAPI(func(o *httpapi.Options) { o.Rooms = panicking{newFakeRooms()} })
	if status, body := do(t, h, "GET", "/room", ""); status != 500 || body != `{"errors":{"detail":"Internal Server Error"}}` {
		t.Errorf("got %d %s", status, body)
	}
	if status, _ := do(t, h, "GET", "/health", ""); status != 200 {
		t.Errorf("after the panic: %d", status)
	}
}

func TestBodyLimit(t *testing.T) {
	h := newTestAPI(nil)
	if status, body := do(t, h, "POST", "/room", `{"x":"`+strings.Repeat("a", 9_000_000)+`"}`); status != 413 ||
		body != `{"errors":{"detail":"Request Entity Too Large"}}` {
		t.Errorf("9 MB: %d %s", status, body)
	}
	if status, _ := do(t, h, "POST", "/room", `{"x":"`+strings.Repeat("a", 7_000_000)+`"}`); status != 201 {
		t.Errorf("7 MB: %d", status)
	}
	if status, _ := do(t, h, "POST", "/room", "  \n"); status != 400 {
		t.Errorf("white space only: %d", status)
	}
}

func TestNotReady(t *testing.T) {
	h := newTestAPI(func(o *httpapi.Options) { o.Ready = func() error { return errors.New("draining") } })
	if status, body := do(t, h, "GET", "/readyz", ""); status != 503 || !strings.Contains(body, "draining") {
		t.Errorf("got %d %s", status, body)
	}
	if status, _ := do(t, h, "GET", "/livez", ""); status != 200 {
		t.Errorf("livez: %d", status)
	}
}

func TestRequestIDMade(t *testing.T) {
	for _, incoming := range []string{"", "short", strings.Repeat("x", 201)} {
		r := httptest.NewRequest("GET", "/livez", nil)
		r.Header.Set("X-Request-Id", incoming)
		w := httptest.NewRecorder()
		newTestAPI(nil).ServeHTTP(w, r)
		if id := w.Header().Get("X-Request-Id"); len(id) != 20 || id == incoming {
			t.Errorf("incoming %q: id %q", incoming, id)
		}
	}
}

type stats struct{}

func (stats) Usage() room.Usage { return room.Usage{Rooms: 3, ForwardedTracks: 7} }
func (stats) Links() []httpapi.LinkStats {
	return []httpapi.LinkStats{{Peer: "b@h", BytesIn: 1, BytesOut: 2, MessagesIn: 3, MessagesOut: 4}}
}

func TestMetrics(t *testing.T) {
	server := httptest.NewServer(httpapi.NewMetrics(stats{}))
	defer server.Close()
	get := func(path string) (int, string) {
		answer, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(b)
	}
	status, body := get("/metrics")
	if status != 200 {
		t.Fatalf("status %d", status)
	}
	for _, want := range []string{
		"\nfishjam_rooms 3\n", "\nfjord_forwarded_tracks 7\n", "\nvm_memory_total_bytes ",
		`fjord_link_up{peer="b@h"} 1`, `fjord_link_received_bytes_total{peer="b@h"} 1`,
		`fjord_link_sent_messages_total{peer="b@h"} 4`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if status, _ := get("/"); status != 404 {
		t.Errorf("GET /: %d", status)
	}
	server.Client().CloseIdleConnections()
}

func FuzzRoomConfig(f *testing.F) {
	for _, s := range []string{`{}`, `{"maxPeers":1e999}`, `{"roomId":[[["a"]]]}`, `[`, `{"webhookUrl":{"a":[1]}}`, `null`} {
		f.Add(s)
	}
	h := newTestAPI(nil)
	f.Fuzz(func(t *testing.T, body string) {
		if status, answer := do(t, h, "POST", "/room", body); status != 201 && status != 400 && status != 413 {
			t.Errorf("%q: %d %s", body, status, answer)
		}
	})
}

func TestHealthInACluster(t *testing.T) {
	const want = `{"data":{"distribution":{"enabled":true,"nodeStatus":"UP","nodesInCluster":2},"gitCommit":"dev","status":"UP","uptime":0,"version":"0.6.3"}}`
	if status, body := do(t, newTestAPI(nil), "GET", "/health", ""); status != 200 || body != want {
		t.Errorf("%d %s", status, body)
	}
}
