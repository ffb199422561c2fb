package main

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fjord-media/fjord/config"
)

func TestTwoSignals(t *testing.T) {
	signals := make(chan os.Signal, 2)
	signals <- syscall.SIGTERM
	signals <- syscall.SIGINT
	var log strings.Builder
	var first, status int
	watch(t.Context(), signals, slog.New(slog.NewTextHandler(&log, nil)), []step{{"Stopping: %s", func() { first++ }}}, func(s int) { status = s })
	if first != 1 || status != 130 {
		t.Errorf("first called %d times, exit status %d", first, status)
	}
	if !strings.Contains(log.String(), "Stopping: terminated") || !strings.Contains(log.String(), "Stopping at once: interrupt") {
		t.Errorf("log is %s", &log)
	}
}

// A signal that comes twice at once, as from timeout(1), counts once.
func TestEchoOfASignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		var first, second, exits int
		steps := []step{{"%s", func() { first++ }}, {"%s", func() { second++ }}}
		done, cancel := context.WithCancel(t.Context())
		go watch(done, signals, slog.New(slog.DiscardHandler), steps, func(int) { exits++ })
		say := func(s ...os.Signal) {
			for _, x := range s {
				signals <- x
			}
			synctest.Wait()
		}
		say(syscall.SIGTERM, syscall.SIGTERM)
		if first != 1 || second+exits != 0 {
			t.Errorf("first step %d times, then %d and %d", first, second, exits)
		}
		time.Sleep(echoTime)
		say(syscall.SIGTERM, syscall.SIGTERM)
		if second != 1 || exits != 0 {
			t.Errorf("second step %d times, exits %d times", second, exits)
		}
		cancel()
	})
}

func TestWatchEndsWithItsOwner(t *testing.T) {
	done, cancel := context.WithCancel(t.Context())
	cancel()
	never := func() { t.Error("acted without a signal") }
	watch(done, make(chan os.Signal), slog.New(slog.DiscardHandler), []step{{"%s", never}}, func(int) { never() })
}

func TestSignalEndsTheContextOnly(t *testing.T) {
	signals, release := untilSignal(slog.New(slog.DiscardHandler), true)
	defer release()
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-signals.stop.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("the context goes on after SIGTERM")
	}
	if signals.hurry.Err() != nil {
		t.Error("the first signal hurries")
	}
	time.Sleep(echoTime)
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-signals.hurry.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("the second signal does not hurry")
	}
}

func TestServerURL(t *testing.T) {
	for ip, want := range map[string]string{
		"0.0.0.0": "http://127.0.0.1:80", "::": "http://[::1]:80", "10.0.0.1": "http://10.0.0.1:80", "::1": "http://[::1]:80",
	} {
		if got := serverURL(config.Config{IP: netip.MustParseAddr(ip), Port: 80}); got != want {
			t.Errorf("%s: %s, want %s", ip, got, want)
		}
	}
}

// healthConfig points at a test server.
func healthConfig(t *testing.T, server *httptest.Server) config.Config {
	t.Helper()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return config.Config{IP: netip.MustParseAddr("127.0.0.1"), Port: port, ServerAPIToken: "sesame"}
}

func healthHandler(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer sesame" || r.URL.Path != "/health" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = w.Write([]byte(`{"data":{"status":"UP"}}`))
}

func TestHealth(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(healthHandler))
	defer server.Close()
	cfg := healthConfig(t, server)
	if body, err := askHealth(t.Context(), cfg); err != nil || string(body) != `{"data":{"status":"UP"}}` {
		t.Errorf("%s, %v", body, err)
	}
	cfg.ServerAPIToken = "wrong"
	if _, err := askHealth(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("wrong token: %v", err)
	}
}

func TestHealthOverTLSPinsTheCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(healthHandler))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a refused handshake is what is tested
	server.StartTLS()
	defer server.Close()
	cfg := healthConfig(t, server)
	dir := t.TempDir()
	write := func(name string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cfg.SSLCertPath = write("good.pem", server.Certificate().Raw)
	if _, err := askHealth(t.Context(), cfg); err != nil {
		t.Error(err)
	}
	cfg.SSLCertPath = write("other.pem", []byte("other"))
	if _, err := askHealth(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "certificate is not that of") {
		t.Errorf("another server: %v", err)
	}
}
