package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// ownAddrRetry is the pause between two questions while waiting for the own
// address to appear in DNS.
const ownAddrRetry = 500 * time.Millisecond

// OwnAddressOptions say where a node under the DNS strategy looks for its own
// address. Query, Interval, Resolver and OwnAddrs mean what they mean in
// DNSOptions.
type OwnAddressOptions struct {
	Query    string
	Host     string // host part of the configured or default node name
	Interval time.Duration
	Resolver Resolver
	OwnAddrs func() ([]netip.Addr, error)
	// LookupHost finds a host's addresses as the system does, /etc/hosts
	// included; nil: net.DefaultResolver.
	LookupHost func(ctx context.Context, host string) ([]netip.Addr, error)
}

// ChooseOwnAddress finds the address that names this node: Host itself when it
// is an address; else the first interface address that the answer to the query
// contains, asked for until one Interval has passed; else the IPv4 address of
// Host, else its IPv6 address. It is called before the node starts. The error
// is the original's sentence.
func ChooseOwnAddress(ctx context.Context, opts OwnAddressOptions) (netip.Addr, error) {
	if a, err := netip.ParseAddr(opts.Host); err == nil {
		return a.Unmap(), nil
	}
	if opts.Interval <= 0 {
		opts.Interval = 5 * time.Second
	}
	if opts.Resolver == nil {
		opts.Resolver = SystemResolver()
	}
	if opts.OwnAddrs == nil {
		opts.OwnAddrs = interfaceAddrs
	}
	if opts.LookupHost == nil {
		opts.LookupHost = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if a, ok := addrInAnswer(ctx, opts); ok {
		return a, nil
	}
	return addrOfHost(ctx, opts)
}

// addrInAnswer waits up to one poll interval for DNS to name one of our addresses.
func addrInAnswer(ctx context.Context, opts OwnAddressOptions) (netip.Addr, bool) {
	ctx, cancel := context.WithTimeout(ctx, opts.Interval)
	defer cancel()
	for {
		answer, _, err := opts.Resolver.Lookup(ctx, opts.Query)
		own, ownErr := opts.OwnAddrs()
		if err == nil && ownErr == nil {
			for _, a := range own {
				if slices.Contains(answer, a) {
					return a, true
				}
			}
		}
		select {
		case <-ctx.Done():
			return netip.Addr{}, false
		case <-time.After(ownAddrRetry):
		}
	}
}

func addrOfHost(ctx context.Context, opts OwnAddressOptions) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	addrs, err := opts.LookupHost(ctx, opts.Host)
	if err == nil && len(addrs) == 0 {
		err = errors.New("it has no address")
	}
	if err != nil {
		return netip.Addr{}, fmt.Errorf("Couldn't resolve %s, reason: %w.", opts.Host, err) // the original's sentence
	}
	for _, a := range addrs {
		if a = a.Unmap(); a.Is4() {
			return a, nil
		}
	}
	return addrs[0], nil
}
