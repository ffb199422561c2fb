package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/fjord-media/fjord/epmd"
)

// toolTimeout bounds the tools that ask over the network.
const toolTimeout = 5 * time.Second

// runNames prints what a port mapper knows, as `epmd -names` does.
func runNames(c call) int {
	if len(c.args) > 1 {
		_, _ = fmt.Fprintln(c.stderr, "Usage: fjord names [host]")
		return exitUsage
	}
	host := "localhost"
	if len(c.args) == 1 {
		host = c.args[0]
	}
	port, err := epmd.PortFromEnv(c.getenv)
	if err != nil {
		_, _ = fmt.Fprintln(c.stderr, "fjord names:", err)
		return exitFailure
	}
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()
	at, names, err := askNames(ctx, host, port)
	if err != nil {
		_, _ = fmt.Fprintln(c.stderr, "fjord names:", err)
		return exitFailure
	}
	_, _ = fmt.Fprintf(c.stdout, "epmd: up and running on port %d with data:\n", at)
	for _, n := range names {
		_, _ = fmt.Fprintf(c.stdout, "name %s at port %d\n", n.Name, n.Port)
	}
	return exitOK
}

// askNames asks the first address of host that answers.
func askNames(ctx context.Context, host string, port uint16) (uint16, []epmd.NameEntry, error) {
	addrs, err := addresses(ctx, host)
	if err != nil {
		return 0, nil, err
	}
	client := &epmd.Client{Port: port, Timeout: toolTimeout / time.Duration(len(addrs))}
	var errs []error
	for _, addr := range addrs {
		at, names, err := client.Names(ctx, addr)
		if err == nil {
			return at, names, nil
		}
		errs = append(errs, err)
	}
	return 0, nil, errors.Join(errs...)
}

// addresses resolves host; an address stands for itself. There is at least one.
func addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%s has no address", host)
	}
	for i, addr := range addrs {
		addrs[i] = addr.Unmap()
	}
	return addrs, nil
}
