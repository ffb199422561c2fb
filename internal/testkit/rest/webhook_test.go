package rest_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// hooked makes and deletes a room with a webhook.
func hooked(t *testing.T, f *testkit.Fjord, id, url string) {
	t.Helper()
	f.MustPostRoom(t, fmt.Sprintf(`{"roomId":"%s","webhookUrl":"%s"}`, id, url))
	if status, _, err := f.Do(http.MethodDelete, "/room/"+id, ""); err != nil || status != http.StatusNoContent {
		t.Fatal(status, err)
	}
}

// receiver keeps what it gets, with its content type.
func receiver(bodies chan<- string) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- r.Header.Get("Content-Type") + string(body)
	})
}

func gets(t *testing.T, bodies <-chan string, want ...string) {
	t.Helper()
	for _, want := range want {
		select {
		case got := <-bodies:
			if got != "application/x-protobuf"+want {
				t.Errorf("got %q, want %q", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("no webhook")
		}
	}
}

// TestWebhooks: a room's webhook gets the room's notifications in order, over
// TLS too, while another one's receiver hangs.
func TestWebhooks(t *testing.T) {
	release := make(chan struct{})
	dead := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer dead.Close()
	defer close(release)
	plainBodies, secretBodies := make(chan string, 10), make(chan string, 10)
	plain, secret := httptest.NewServer(receiver(plainBodies)), httptest.NewTLSServer(receiver(secretBodies))
	defer plain.Close()
	defer secret.Close()
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secret.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{"SSL_CERT_FILE": trusted}}).WaitUp(t)
	hooked(t, f, "hangs", dead.URL)
	hooked(t, f, "hooked", plain.URL+"/x")
	hooked(t, f, "secret", secret.URL+"/x")
	gets(t, plainBodies, "\x52\x08\x0a\x06hooked", "\x5a\x08\x0a\x06hooked")
	gets(t, secretBodies, "\x52\x08\x0a\x06secret", "\x5a\x08\x0a\x06secret")
}

// TestWebhookAllow: no room reaches an address that FJ_WEBHOOK_ALLOW does not
// name, also not by a name or a redirect.
func TestWebhookAllow(t *testing.T) {
	bodies, inner := make(chan string, 10), make(chan string, 10)
	forbidden := httptest.NewServer(receiver(inner))
	defer forbidden.Close()
	routes := http.NewServeMux()
	routes.Handle("/x", receiver(bodies))
	routes.Handle("/redirect", http.RedirectHandler(forbidden.URL, http.StatusTemporaryRedirect))
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: routes}}
	server.Start()
	defer server.Close()
	allowed := server.URL
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{"FJ_WEBHOOK_ALLOW": "public 127.0.0.2/32"}}).WaitUp(t)
	hooked(t, f, "inner", forbidden.URL+"/x")
	hooked(t, f, "redirected", allowed+"/redirect")
	hooked(t, f, "allow", allowed+"/x")
	gets(t, bodies, "\x52\x07\x0a\x05allow", "\x5a\x07\x0a\x05allow")
	f.WaitLog(t, 5*time.Second, `url=`+forbidden.URL+`/x .*\[warning\] Sending notification through webhook fails`)
	f.WaitLog(t, 5*time.Second, `url=`+allowed+`/redirect .*\[warning\] Sending notification through webhook fails`)
	if len(inner) > 0 {
		t.Errorf("the forbidden receiver got %q", <-inner)
	}
}
