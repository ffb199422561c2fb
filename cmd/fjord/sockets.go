package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fjord-media/fjord/config"
	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/http/token"
	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/room"
	"github.com/fjord-media/fjord/sfu"
)

// hookGrace is how long a server that stops waits for webhooks.
const hookGrace = 300 * time.Millisecond

// surface is what clients meet beside REST: both websockets, peer tokens,
// and the media that peers connect to.
type surface struct {
	server  *server
	tokens  *token.Signer
	sockets *httpapi.Sockets
	hooks   *httpapi.Webhooks
	meter   *httpapi.Meter
	traffic *httpapi.Traffic
	media   *sfu.Engine // nil: FJ_WEBRTC_USED=false
	monitor *sfu.Monitor
	reports *httpapi.Reporter
	group   *run.Group

	leaving sync.RWMutex
	left    bool // the node stops
}

// openSurface comes before the rooms: their events need somewhere to go.
func (s *server) openSurface(ctx context.Context) (*surface, error) {
	f := &surface{
		server: s, group: run.NewGroup(context.WithoutCancel(ctx), "surface", s.main),
		meter: httpapi.NewMeter(), traffic: httpapi.NewTraffic(), reports: httpapi.NewReporter(nil),
	}
	var err error
	if f.tokens, err = token.New(string(s.cfg.SecretKeyBase)); err != nil {
		return nil, err
	}
	f.sockets = httpapi.NewSockets(ctx, httpapi.SocketOptions{
		Join: f.join, Tokens: f.tokens, Token: string(s.cfg.ServerAPIToken),
		Origins: origins(s.cfg), Logger: s.log.Slog("http"),
	})
	allow := s.cfg.WebhookAllow
	f.hooks = httpapi.NewWebhooks(ctx, httpapi.WebhookOptions{
		URL: f.webhookURL, Logger: s.log.Slog("webhook"),
		Allow: httpapi.AddressRule{Public: allow.Public, Prefixes: allow.Prefixes, Hosts: allow.Hosts},
	})
	if s.cfg.WebRTC.Used {
		if err := f.openMedia(); err != nil {
			return nil, errors.Join(adviseMedia(fmt.Errorf("start media: %w", err)), f.sockets.Close(ctx))
		}
	}
	return f, nil
}

// openMedia starts the media plane.
func (f *surface) openMedia() error {
	w, log := f.server.cfg.WebRTC, f.server.log.Slog("sfu")
	options := sfu.EngineOptions{
		AdvertiseIP: w.TurnIP, ListenIP: w.TurnListenIP, PortMin: w.TurnPortMin, PortMax: w.TurnPortMax,
		TCPPort: w.TurnTCPPort, TLSPort: w.TurnTLSPort, TLSAdvertise: w.TurnTLSAdvertise, Logger: log,
	}
	if w.TurnTLSPort != 0 {
		pair, err := newCertificate("FJ_WEBRTC_TURN_TLS_CERT_PATH", w.TurnTLSCertPath, w.TurnTLSKeyPath, log)
		if err != nil {
			return fmt.Errorf("TURN over TLS: %w", err)
		}
		options.TLS = pair.config()
	}
	var err error
	if f.media, err = sfu.NewEngine(options); err != nil {
		return err
	}
	f.monitor = sfu.NewMonitor(f.media)
	f.reports = httpapi.NewReporter(f.monitor.Read)
	f.traffic.Media = func() (ingress, egress int64) {
		total := f.monitor.Read().Total
		return total.Received.Bytes, total.Sent.Bytes
	}
	return nil
}

// join is asked by sockets only, which are served after the rooms began.
func (f *surface) join(ctx context.Context, id room.ID, peer string, sink room.PeerSink) (room.PeerSession, error) {
	return f.server.rooms.Join(ctx, id, peer, sink)
}

// roomOptions are those of this node's rooms.
func (f *surface) roomOptions() room.LocalOptions {
	s := f.server
	opts := room.LocalOptions{
		Address: s.cfg.Host, System: s.system, Logger: s.log.Slog("room"),
		Events: f.event, PeersDisabled: !s.cfg.WebRTC.Used,
	}
	if f.media != nil {
		opts.Media = room.AdaptSFU(f.media, s.log.Slog("sfu"))
	}
	return opts
}

// event takes the events of this node's rooms, in the rooms' goroutines.
func (f *surface) event(e room.Event) {
	f.sockets.Notify(e)
	f.hooks.Notify(e)
	f.meter.Notify(e)
}

// webhookURL is asked when a room of this node begins.
func (f *surface) webhookURL(id room.ID) string {
	r, err := f.server.rooms.Get(context.Background(), id)
	if err != nil || r.Config.WebhookURL == nil {
		return ""
	}
	return *r.Config.WebhookURL
}

// collectors are the metrics of the surface.
func (f *surface) collectors() []prometheus.Collector {
	list := []prometheus.Collector{f.meter, f.traffic, f.hooks}
	if f.monitor != nil {
		list = append(list, httpapi.NewMediaMetrics(f.monitor.Read))
	}
	return list
}

// report is this node's metrics report; the cluster asks for it each second.
func (f *surface) report() map[string]any { return f.reports.Report() }

// extend adds to the API what the surface serves.
func (f *surface) extend(o httpapi.Options) httpapi.Options {
	cfg := f.server.cfg
	o.PeerAddress = f.peerAddress
	o.PeersDisabled, o.ComponentsUsed = !cfg.WebRTC.Used, cfg.ComponentsUsed
	o.Host, o.Resources = cfg.Host, cfg.ResourcesBasePath
	o.Tokens, o.Sockets, o.Traffic, o.LogLevel = f.tokens, f.sockets, f.traffic, f.server.log
	return o
}

// close ends sockets and media.
func (f *surface) close(ctx context.Context) error {
	f.leave()
	errs := []error{f.sockets.Close(ctx), f.hooks.Close(ctx, hookGrace), f.group.StopAndWait(ctx)}
	if f.media != nil {
		errs = append(errs, f.media.Close())
	}
	return errors.Join(errs...)
}

// origins translates FJ_CHECK_ORIGIN.
func origins(cfg config.Config) httpapi.Origins {
	o := httpapi.Origins{Host: cfg.Host}
	switch check := cfg.CheckOrigin; check.Mode {
	case config.OriginAny:
		o.Any = true
	case config.OriginConn:
		o.SameHost = true
	case config.OriginList:
		o.Allowed = check.Allowed
	case config.OriginHost:
	}
	return o
}
