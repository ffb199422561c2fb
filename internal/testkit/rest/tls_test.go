package rest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/fjord-media/fjord/internal/testkit"
)

// writeCertificate writes a pair that is its own authority, and returns what
// trusts it.
func writeCertificate(t *testing.T, folder string, serial int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, content := range map[string][]byte{"cert": certificate, "key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	return pool
}

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
	pool := writeCertificate(t, folder, 1)
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{
		"FJ_SSL_CERT_PATH": filepath.Join(folder, "cert"), "FJ_SSL_KEY_PATH": filepath.Join(folder, "key"),
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

	renewed := secure(writeCertificate(t, folder, 2), false)
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
