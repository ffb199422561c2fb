package cluster

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// fastPoll is the pace of a DNS strategy that has not found anybody yet,
	// fastPhase how long it may hurry: one node may be all there ever is.
	fastPoll  = time.Second
	fastPhase = 30 * time.Second
	// lookupWait bounds one poll.
	lookupWait = 5 * time.Second
)

// maxAtOnce is how many questions a poll asks at once.
const maxAtOnce = 8

// DNSOptions configure a DNS strategy.
type DNSOptions struct {
	Name     string        // of the strategy; default DNS
	Queries  []string      // FJ_DIST_QUERY
	Types    []string      // FJ_DIST_RESOURCE_TYPES: of a, aaaa and srv; default a and aaaa
	SRVHosts bool          // what SRV finds is named by host name, not by address
	Self     string        // full name of this node
	Base     string        // alive name of the nodes; default: that of Self
	Interval time.Duration // FJ_DIST_POLLING_INTERVAL, default 5 s
	Resolver Resolver      // nil: SystemResolver
	Logger   *slog.Logger
	// OwnAddrs lists the addresses of this machine; nil: those of its interfaces.
	OwnAddrs func() ([]netip.Addr, error)
}

// DNS is the strategy DNS: each address that a name has is a node. With SRV
// each target is one.
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
	if opts.Name == "" {
		opts.Name = "DNS"
	}
	if len(opts.Types) == 0 {
		opts.Types = []string{"a", "aaaa"}
	}
	if opts.Base == "" {
		opts.Base, _ = splitName(opts.Self)
	}
	return &DNS{opts: opts, base: opts.Base + "@"}
}

// Name is DNS, or what the options say.
func (d *DNS) Name() string { return d.opts.Name }

// Run polls at once, each second until somebody else is found (at most 30 s
// long) and then at the interval. A failed lookup publishes nothing.
func (d *DNS) Run(ctx context.Context, publish func(Targets)) error {
	start := time.Now()
	alone := true
	said := false   // that there is nobody yet
	var last string // last failure, to log changes only
	query := strings.Join(d.opts.Queries, " ")
	d.opts.Logger.Info("asking DNS for nodes", "query", query) // the answer may take lookupWait
	for {
		targets, err := d.poll(ctx)
		switch {
		case err == nil:
			if last != "" {
				d.opts.Logger.Info("DNS query answers again", "query", query)
			}
			last = ""
			if alone = alone && len(targets.Nodes) == 0; alone && !said {
				said = true
				d.opts.Logger.Info("DNS query names no other node yet", "query", query)
			}
			publish(targets)
		case ctx.Err() != nil:
			return nil
		case err.Error() != last:
			last = err.Error()
			d.opts.Logger.Warn("DNS query failed, known nodes stay", "query", query, "error", err)
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

// finding is the result of one question.
type finding struct {
	addrs    []netip.Addr
	hosts    []string
	complete bool
	err      error
}

// poll looks all queries up once. It fails when all do; when some do, the result
// is not complete.
func (d *DNS) poll(ctx context.Context) (Targets, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	var questions []func() finding
	for _, query := range d.opts.Queries {
		if d.asks("a") || d.asks("aaaa") {
			questions = append(questions, func() finding { return d.addresses(ctx, query) })
		}
		if d.asks("srv") {
			questions = append(questions, func() finding { return d.services(ctx, query) })
		}
	}
	findings := atOnce(questions)
	own, err := d.opts.OwnAddrs()
	if err != nil {
		d.opts.Logger.Debug("own addresses unknown", "error", err)
	}
	t := Targets{Complete: true}
	var errs []error
	for _, f := range findings {
		if f.err != nil {
			errs = append(errs, f.err)
		}
		t.Complete = t.Complete && f.complete && f.err == nil
		for _, a := range f.addrs {
			// netip prints IPv6 in lower case and compressed (RFC 5952), no brackets.
			if !slices.Contains(own, a) {
				t.Nodes = append(t.Nodes, d.base+a.String())
			}
		}
		for _, host := range f.hosts {
			t.Nodes = append(t.Nodes, d.base+host)
		}
	}
	if len(errs) == len(findings) {
		return Targets{}, errors.Join(errs...)
	}
	t.Nodes = slices.DeleteFunc(t.Nodes, func(name string) bool { return name == d.opts.Self })
	slices.Sort(t.Nodes)
	t.Nodes = slices.Compact(t.Nodes)
	return t, nil
}

// atOnce asks all questions, some at a time.
func atOnce(questions []func() finding) []finding {
	var g errgroup.Group
	g.SetLimit(maxAtOnce)
	findings := make([]finding, len(questions))
	for i, ask := range questions {
		g.Go(func() error {
			findings[i] = ask()
			return nil
		})
	}
	_ = g.Wait() // never fails: errors are in findings
	return findings
}

func (d *DNS) asks(kind string) bool { return slices.Contains(d.opts.Types, kind) }

// addresses looks a name's addresses up.
func (d *DNS) addresses(ctx context.Context, query string) (f finding) {
	f.addrs, f.complete, f.err = d.opts.Resolver.Lookup(ctx, query)
	if d.asks("srv") && errors.Is(f.err, ErrNoSuchName) {
		return finding{complete: true} // a name may have SRV records only
	}
	f.addrs = slices.DeleteFunc(f.addrs, func(a netip.Addr) bool { return a.Is4() && !d.asks("a") || a.Is6() && !d.asks("aaaa") })
	return f
}

// services looks a name's SRV records up, and their targets' addresses unless
// nodes are named by host.
func (d *DNS) services(ctx context.Context, query string) finding {
	hosts, err := d.opts.Resolver.LookupSRV(ctx, query)
	switch {
	case errors.Is(err, ErrNoSuchName) && len(d.opts.Types) > 1:
		return finding{complete: true}
	case err != nil:
		return finding{err: err}
	case d.opts.SRVHosts:
		return finding{hosts: hosts, complete: true}
	}
	var questions []func() finding
	for _, host := range hosts {
		questions = append(questions, func() finding {
			var f finding
			f.addrs, f.complete, f.err = d.opts.Resolver.Lookup(ctx, host)
			return f
		})
	}
	all := finding{complete: true}
	for _, f := range atOnce(questions) {
		all.addrs = append(all.addrs, f.addrs...)
		all.complete = all.complete && f.complete && f.err == nil
	}
	return all
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
