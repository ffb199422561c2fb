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
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/sfu"
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

// TestProtocols: HTTP/1.1 and HTTP/2, with TLS and by prior knowledge without.
func TestProtocols(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	testkit.WriteCertificate(t, cert, key, 1)
	loopback := netip.MustParseAddr("127.0.0.1")
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	for scheme, cfg := range map[string]config.Config{
		"http": {IP: loopback, MetricsIP: loopback}, "https": {IP: loopback, MetricsIP: loopback, SSLCertPath: cert, SSLKeyPath: key},
	} {
		f, err := openFronts(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		f.serve(hello, hello)
		for want, enable := range map[string]func(*http.Protocols){
			"HTTP/1.1": func(p *http.Protocols) { p.SetHTTP1(true) },
			"HTTP/2.0": func(p *http.Protocols) { p.SetHTTP2(true); p.SetUnencryptedHTTP2(true) },
		} {
			protocols := new(http.Protocols)
			enable(protocols)
			transport := &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // it is our own
			client := http.Client{Transport: transport, Timeout: 30 * time.Second}
			answer, err := client.Get(scheme + "://" + f.api.Addr().String())
			if err != nil {
				t.Errorf("%s %s: %v", scheme, want, err)
				continue
			}
			if text, _ := io.ReadAll(answer.Body); string(text) != want {
				t.Errorf("%s %s: got %s", scheme, want, text)
			}
			_ = answer.Body.Close()
			transport.CloseIdleConnections()
		}
		if err := f.close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// TestAdvice: whose socket cannot be bound learns which variable to change.
func TestAdvice(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	port := busy.Addr().(*net.TCPAddr).Port
	loopback, foreign := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.9") // of documentation (RFC 5737)
	front := func(ip netip.Addr, port int) error {
		_, err := listen(t.Context(), "FJ_PORT", "FJ_IP", ip, port)
		return err
	}
	media := func(o sfu.EngineOptions) error {
		_, err := sfu.NewEngine(o)
		return adviseMedia(err)
	}
	for want, err := range map[string]error{
		": set FJ_PORT to a free port":                          front(loopback, port),
		": set FJ_IP to an address of this machine":             front(foreign, 0),
		": set FJ_WEBRTC_TURN_PORT_RANGE to a free port":        media(sfu.EngineOptions{ListenIP: loopback, PortMin: port, PortMax: port}),
		": set FJ_WEBRTC_TURN_LISTEN_IP to an address of this ": media(sfu.EngineOptions{ListenIP: foreign}),
		": set FJ_WEBRTC_TURN_TCP_PORT or FJ_WEBRTC_TURN_TLS_P": media(sfu.EngineOptions{ListenIP: loopback, TCPPort: port}),
		": set FJ_PORT to a port above 1023, ":                  advise(syscall.EACCES, "FJ_PORT", "FJ_IP"),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}
