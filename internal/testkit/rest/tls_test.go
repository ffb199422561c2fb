package rest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/fjord-media/fjord/internal/testkit"
)

// secure is a client of a node with TLS; each request has a connection of its
// own.
func secure(pool *x509.CertPool, http2 bool) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: http2, DisableKeepAlives: !http2}
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

// TestTLS: REST over HTTP/2, a websocket over TLS, and a certificate that is
// renewed while the node runs.
func TestTLS(t *testing.T) {
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert"), filepath.Join(folder, "key")
	pool := testkit.WriteCertificate(t, cert, key, 1)
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{
		"FJ_SSL_CERT_PATH": cert, "FJ_SSL_KEY_PATH": key,
	}})
	base := "https" + strings.TrimPrefix(f.API, "http")
	client := secure(pool, true)
	defer client.CloseIdleConnections()
	ask := func(method, path, body string) (*http.Response, string) {
		request, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+testkit.Token)
		request.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(request)
		if err != nil {
			return nil, err.Error()
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer, string(text)
	}
	testkit.Within(t, 5*time.Second, "it answers", func() bool { answer, _ := ask("GET", "/livez", ""); return answer != nil })

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "wss"+strings.TrimPrefix(f.API, "http")+"/socket/server/websocket", &websocket.DialOptions{HTTPClient: secure(pool, false)})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	for _, step := range []struct{ send, want string }{{"\x3a\x0d\x0a\x0b" + testkit.Token, "2\x00"}, {"\x42\x02\x08\x01", "J\x02\x08\x01"}} {
		if err := ws.Write(ctx, websocket.MessageBinary, []byte(step.send)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := ws.Read(ctx); err != nil || string(got) != step.want {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if answer, text := ask("POST", "/room", `{"roomId":"r"}`); answer == nil || answer.StatusCode != 201 || answer.ProtoMajor != 2 ||
		answer.Header.Get("X-Request-Id") == "" {
		t.Errorf("%v %s", answer, text)
	}
	if _, got, err := ws.Read(ctx); err != nil || string(got) != "R\x03\x0a\x01r" {
		t.Errorf("notified of %q, %v", got, err)
	}
	if answer, text := ask("GET", "/socket/server/websocket", ""); answer == nil || answer.StatusCode != 400 || text != "HTTP method GET unsupported" {
		t.Errorf("handshake over HTTP/2: %v %s", answer, text)
	}

	renewed := secure(testkit.WriteCertificate(t, cert, key, 2), false)
	testkit.Within(t, 5*time.Second, "the new certificate is used", func() bool {
		answer, err := renewed.Get(base + "/livez")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.TLS.PeerCertificates[0].SerialNumber.Int64() == 2
	})
	if answer, _ := ask("GET", "/room/r", ""); answer == nil || answer.StatusCode != 200 {
		t.Errorf("the connection that was open: %v", answer)
	}
}
