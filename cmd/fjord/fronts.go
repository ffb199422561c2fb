package main

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/internal/logx"
	"github.com/fjord-media/fjord/internal/run"
)

// Limits of HTTP clients: one that is slow costs a connection, not the server.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 60 * time.Second
	idleTimeout   = 60 * time.Second
	maxHeader     = 64 << 10 // bytes
)

// fronts are the HTTP listeners: the API and the metrics.
type fronts struct {
	cfg          config.Config
	log          *slog.Logger
	api, metrics net.Listener
	servers      []*http.Server
	group        *run.Group
	failed       chan error // the first listener that fails; room for both
}

// openFronts binds both ports. Nothing is answered before serve, but clients
// can connect and wait.
func openFronts(ctx context.Context, cfg config.Config, log *slog.Logger) (*fronts, error) {
	f := &fronts{cfg: cfg, log: log, group: run.NewGroup(context.WithoutCancel(ctx), "http", log), failed: make(chan error, 2)}
	var err error
	if f.api, err = listen(ctx, "FJ_PORT", "FJ_IP", cfg.IP, cfg.Port); err != nil {
		return nil, err
	}
	if f.metrics, err = listen(ctx, "FJ_METRICS_PORT", "FJ_METRICS_IP", cfg.MetricsIP, cfg.MetricsPort); err != nil {
		return nil, errors.Join(err, f.api.Close())
	}
	scheme := "http"
	if cfg.TLS() {
		scheme = "https"
	}
	log.Info(fmt.Sprintf("Running Fjord API at %s (%s)", f.api.Addr(), scheme))
	log.Info(fmt.Sprintf("Access Fjord API at %s://%s", scheme, cfg.Host))
	log.Info(fmt.Sprintf("Starting prometheus metrics endpoint at: http://%s", f.metrics.Addr()))
	return f, nil
}

func listen(ctx context.Context, portName, ipName string, ip netip.Addr, port int) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(ip.String(), strconv.Itoa(port)))
	if err != nil {
		return nil, advise(err, portName, ipName)
	}
	return l, nil
}

// serve answers on both ports.
func (f *fronts) serve(api, metrics http.Handler) {
	f.answer("api", f.api, api, f.cfg.TLS())
	f.answer("metrics", f.metrics, metrics, false)
}

func (f *fronts) answer(name string, l net.Listener, h http.Handler, tls bool) {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: stdlog.New(strangers{f.log}, "", 0),
	}
	s.Protocols = new(http.Protocols)
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	s.Protocols.SetUnencryptedHTTP2(true) // proxies that end TLS speak it, as Cowboy does (RFC 9113 §3.3)
	f.servers = append(f.servers, s)
	f.group.Go(name, func(context.Context) error {
		var err error
		if tls {
			err = f.serveTLS(s, l)
		} else {
			err = s.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			f.failed <- fmt.Errorf("%s listener: %w", name, err)
		}
		return nil
	})
}

// strangers writes what net/http has to say into our log. A handshake that
// fails is the client's fault, and any port scanner makes some.
type strangers struct{ log *slog.Logger }

// Write logs a line.
func (s strangers) Write(line []byte) (int, error) {
	level := slog.LevelWarn
	for _, theirs := range []string{"http: TLS handshake error", "timeout waiting for SETTINGS", "http2: server"} {
		if strings.HasPrefix(string(line), theirs) {
			level = slog.LevelDebug
		}
	}
	return logx.Writer(s.log, level).Write(line)
}

// serveTLS answers with the certificate that the files hold at the time.
func (f *fronts) serveTLS(s *http.Server, l net.Listener) error {
	pair, err := newCertificate("FJ_SSL_CERT_PATH", f.cfg.SSLCertPath, f.cfg.SSLKeyPath, f.log)
	if err != nil {
		return err
	}
	s.TLSConfig = pair.config()
	return s.ServeTLS(l, "", "")
}

// close lets requests under way finish, then cuts what is left.
func (f *fronts) close(ctx context.Context) error {
	grace, cancel := context.WithTimeout(ctx, stopTime/4)
	defer cancel()
	for _, s := range f.servers {
		if s.Shutdown(grace) != nil {
			_ = s.Close() // who still talks had the grace time
		}
	}
	if len(f.servers) == 0 { // never served: the listeners are still ours
		_ = errors.Join(f.api.Close(), f.metrics.Close())
	}
	return f.group.StopAndWait(ctx)
}
