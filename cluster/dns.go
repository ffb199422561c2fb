package cluster

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"
)

const (
	// fastPoll is the pace of a DNS strategy that has not found anybody yet,
	// fastPhase how long it may hurry: one node may be all there ever is.
	fastPoll  = time.Second
	fastPhase = 30 * time.Second
	// lookupWait bounds one poll.
	lookupWait = 5 * time.Second
)

// DNSOptions configure a DNS strategy.
type DNSOptions struct {
	Query    string        // FJ_DIST_QUERY
	Self     string        // full name of this node; its alive name is everybody's
	Interval time.Duration // FJ_DIST_POLLING_INTERVAL, default 5 s
	Resolver Resolver      // nil: SystemResolver
	Logger   *slog.Logger
	// OwnAddrs lists the addresses of this machine; nil: those of its interfaces.
	OwnAddrs func() ([]netip.Addr, error)
}

// DNS is the strategy DNS: each address that a name has is a node.
type DNS struct {
	opts DNSOptions
	base string // alive name with @
}

// NewDNS makes the strategy.
func NewDNS(opts DNSOptions) *DNS {
	if opts.Interval <= 0 {
		opts.Interval = 5 * time.Second
	}
	if opts.Resolver == nil {
		opts.Resolver = SystemResolver()
	}
	if opts.OwnAddrs == nil {
		opts.OwnAddrs = interfaceAddrs
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	alive, _ := splitName(opts.Self)
	return &DNS{opts: opts, base: alive + "@"}
}

// Name is DNS.
func (*DNS) Name() string { return "DNS" }

// Run polls at once, each second until somebody else is found (at most 30 s
// long) and then at the interval. A failed lookup publishes nothing.
func (d *DNS) Run(ctx context.Context, publish func(Targets)) error {
	start := time.Now()
	alone := true
	var last string // last failure, to log changes only
	for {
		targets, err := d.poll(ctx)
		switch {
		case err == nil:
			if last != "" {
				d.opts.Logger.Info("DNS query answers again", "query", d.opts.Query)
			}
			last = ""
			alone = alone && len(targets.Nodes) == 0
			publish(targets)
		case ctx.Err() != nil:
			return nil
		case err.Error() != last:
			last = err.Error()
			d.opts.Logger.Warn("DNS query failed, known nodes stay", "query", d.opts.Query, "error", err)
		}
		pause := d.opts.Interval
		if alone && time.Since(start) < fastPhase {
			pause = min(pause, fastPoll)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// poll looks the query up once.
func (d *DNS) poll(ctx context.Context) (Targets, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	addrs, complete, err := d.opts.Resolver.Lookup(ctx, d.opts.Query)
	if err != nil {
		return Targets{}, err
	}
	own, err := d.opts.OwnAddrs()
	if err != nil {
		d.opts.Logger.Debug("own addresses unknown", "error", err)
	}
	t := Targets{Complete: complete}
	for _, a := range addrs {
		// netip prints IPv6 in lower case and compressed (RFC 5952), no brackets.
		if name := d.base + a.String(); name != d.opts.Self && !slices.Contains(own, a) {
			t.Nodes = append(t.Nodes, name)
		}
	}
	return t, nil
}

// interfaceAddrs lists the addresses of this machine's interfaces in their order.
func interfaceAddrs() ([]netip.Addr, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil, errors.Join(errors.New("list interface addresses"), err)
	}
	var addrs []netip.Addr
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			addrs = append(addrs, p.Addr().Unmap())
		}
	}
	return addrs, nil
}
