package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/http/token"
)

// FuzzRequest sends requests of any kind: each is answered, and none with a
// 5xx that the reference does not name.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"POST /room HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"maxPeers\":1}",
		"POST /room HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n\r\n_method=DELETE",
		"POST /room HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=a\r\nContent-Length: 5\r\n\r\n--a--",
		"DELETE /room/%ff//?a=%zz HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /recording/..%2f/x HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /socket/peer/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://%\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /sip/a/b/call HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	signer, err := token.New("secret")
	if err != nil {
		f.Fatal(err)
	}
	api := newTestAPI(func(o *httpapi.Options) {
		o.Tokens, o.Resources = signer, f.TempDir()
		o.Sockets = httpapi.NewSockets(context.Background(), httpapi.SocketOptions{Token: "token", Tokens: signer})
	})
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return // net/http answers these itself
		}
		r.Header.Set("Authorization", "Bearer token")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != http.StatusServiceUnavailable && w.Code != http.StatusNotImplemented {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	})
}

// FuzzSockets sends any frames to both sockets; they answer or close, and the
// server lives.
func FuzzSockets(f *testing.F) {
	f.Add(true, []byte("\x3a\x07\x0a\x05token"), []byte("\x42\x02\x08\x01"))
	f.Add(true, []byte("\x3a\x07\x0a\x05token"), []byte("\xff"))
	f.Add(false, []byte("\x12\x07\x0a\x05token"), []byte("\x1a\x04\x0a\x02{}"))
	f.Add(false, []byte{}, []byte{})
	signer, err := token.New("secret")
	if err != nil {
		f.Fatal(err)
	}
	sockets := httpapi.NewSockets(context.Background(), httpapi.SocketOptions{Token: "token", Tokens: signer})
	server := httptest.NewServer(newTestAPI(func(o *httpapi.Options) { o.Sockets = sockets }))
	f.Cleanup(func() {
		_ = sockets.Close(context.Background())
		server.Close()
	})
	f.Fuzz(func(t *testing.T, toServer bool, first, second []byte) {
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		defer cancel()
		path := "/socket/peer/websocket"
		if toServer {
			path = "/socket/server/websocket"
		}
		ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(server.URL, "http")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.CloseNow()
		for _, frame := range [][]byte{first, second} {
			if ws.Write(ctx, websocket.MessageBinary, frame) != nil {
				return // closed already
			}
		}
		if _, _, err := ws.Read(ctx); ctx.Err() != nil {
			t.Errorf("no answer: %v", err)
		}
	})
}
