package main

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/internal/testkit"
)

// TestStrangersAreInTheLog: what net/http notices goes through the log, so that
// its form and its level hold: no line of its own among JSON objects.
func TestStrangersAreInTheLog(t *testing.T) {
	dir := t.TempDir()
	cfg := config.Config{
		IP: netip.MustParseAddr("127.0.0.1"), MetricsIP: netip.MustParseAddr("127.0.0.1"),
		SSLCertPath: filepath.Join(dir, "cert"), SSLKeyPath: filepath.Join(dir, "key"),
	}
	testkit.WriteCertificate(t, cfg.SSLCertPath, cfg.SSLKeyPath, 1)
	var out output
	f, err := openFronts(t.Context(), cfg, slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	twice := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.WriteHeader(http.StatusOK)
	})
	f.serve(twice, twice)
	stranger, err := net.Dial("tcp", f.api.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(stranger, "GET / HTTP/1.1\r\n\r\n")
	_ = stranger.Close()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // it is our own
	}}
	answer, err := client.Get("https://" + f.api.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	for _, want := range []string{`level=DEBUG msg="http: TLS handshake error`, `level=WARN msg="http: superfluous`} {
		testkit.Within(t, 5*time.Second, want, func() bool { return strings.Contains(out.String(), want) })
	}
	if err := f.close(context.Background()); err != nil {
		t.Error(err)
	}
}
