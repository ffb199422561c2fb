package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

// ErrNoSuchName says that DNS knows no such name (NXDOMAIN).
var ErrNoSuchName = errors.New("name does not exist")

// Resolver finds the addresses of a name.
type Resolver interface {
	// Lookup gives all IPv4 and IPv6 addresses (A and AAAA), sorted. complete is
	// false when one of the two questions failed. No address and no error is
	// possible: the name exists without addresses.
	Lookup(ctx context.Context, name string) (addrs []netip.Addr, complete bool, err error)
	// LookupSRV gives the target hosts of the name's SRV records, sorted.
	LookupSRV(ctx context.Context, name string) (hosts []string, err error)
}

// maxServerWait bounds one exchange with one server, whatever resolv.conf says.
const maxServerWait = 2 * time.Second

// systemResolver asks the servers of a resolv.conf file. Unlike net.Resolver it
// never reads /etc/hosts, as Erlang's inet_res does not.
type systemResolver struct {
	file string
	port string // "": the usual one
}

// SystemResolver asks the servers that /etc/resolv.conf names, which is read
// anew for each question.
func SystemResolver() Resolver { return &systemResolver{file: "/etc/resolv.conf"} }

func (r *systemResolver) Lookup(ctx context.Context, name string) ([]netip.Addr, bool, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a.Unmap()}, true, nil
	}
	conf, err := r.config()
	if err != nil {
		return nil, false, fmt.Errorf("resolve %s: %w", name, err)
	}
	last := fmt.Errorf("resolve %s: %w", name, ErrNoSuchName)
	for _, fqdn := range conf.NameList(name) {
		addrs, complete, err := lookupBoth(ctx, conf, fqdn)
		if err == nil {
			return addrs, complete, nil
		}
		if last = fmt.Errorf("resolve %s: %w", name, err); !errors.Is(err, ErrNoSuchName) {
			break
		}
	}
	return nil, false, last
}

// config reads the file.
func (r *systemResolver) config() (*dns.ClientConfig, error) {
	conf, err := dns.ClientConfigFromFile(r.file)
	if err == nil && r.port != "" {
		conf.Port = r.port
	}
	return conf, err
}

// lookupBoth asks for A and AAAA at once.
func lookupBoth(ctx context.Context, conf *dns.ClientConfig, fqdn string) ([]netip.Addr, bool, error) {
	types := [2]uint16{dns.TypeA, dns.TypeAAAA}
	var (
		found [2][]netip.Addr
		errs  [2]error
		g     errgroup.Group
	)
	for i, t := range types {
		g.Go(func() error {
			found[i], errs[i] = ask(ctx, conf, fqdn, t)
			return nil
		})
	}
	_ = g.Wait() // never fails: errors are in errs
	addrs := slices.Concat(found[0], found[1])
	slices.SortFunc(addrs, netip.Addr.Compare)
	addrs = slices.Compact(addrs)
	missing := func(err error) bool { return errors.Is(err, ErrNoSuchName) }
	switch failed := firstOther(errs[:], missing); {
	case failed != nil && len(addrs) == 0:
		return nil, false, failed
	case failed != nil:
		return addrs, false, nil
	case len(addrs) == 0 && (missing(errs[0]) || missing(errs[1])):
		return nil, false, ErrNoSuchName
	}
	return addrs, true, nil
}

// firstOther is the first error that is not of the kind that known tells.
func firstOther(errs []error, known func(error) bool) error {
	for _, err := range errs {
		if err != nil && !known(err) {
			return err
		}
	}
	return nil
}

// ask asks for the addresses of one family.
func ask(ctx context.Context, conf *dns.ClientConfig, fqdn string, qtype uint16) ([]netip.Addr, error) {
	answer, err := askServers(ctx, conf, fqdn, qtype)
	if err != nil {
		return nil, err
	}
	return addresses(answer), nil
}

// askServers tries each server in turn, as often as resolv.conf says.
func askServers(ctx context.Context, conf *dns.ClientConfig, fqdn string, qtype uint16) (*dns.Msg, error) {
	wait := min(time.Duration(conf.Timeout)*time.Second, maxServerWait)
	last := errors.New("no DNS server is configured")
	for range max(conf.Attempts, 1) {
		for _, server := range conf.Servers {
			addr := net.JoinHostPort(server, conf.Port)
			answer, err := exchange(ctx, addr, fqdn, qtype, wait)
			if err == nil || errors.Is(err, ErrNoSuchName) {
				return answer, err
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			last = fmt.Errorf("ask %s: %w", addr, err)
		}
	}
	return nil, last
}

// exchange asks one server once: UDP, and TCP when the answer was cut (RFC 1035 §4.2.1).
func exchange(ctx context.Context, addr, fqdn string, qtype uint16, wait time.Duration) (*dns.Msg, error) {
	q := new(dns.Msg).SetQuestion(fqdn, qtype)
	for _, network := range []string{"udp", "tcp"} {
		client := &dns.Client{Net: network, Timeout: wait}
		answer, _, err := client.ExchangeContext(ctx, q, addr)
		if err != nil {
			return nil, err
		}
		if answer.Truncated && network == "udp" {
			continue
		}
		return answer, verdictOf(answer)
	}
	return nil, errors.New("answer cut twice")
}

// verdictOf is the error that an answer's code means.
func verdictOf(answer *dns.Msg) error {
	switch answer.Rcode {
	case dns.RcodeSuccess:
		return nil
	case dns.RcodeNameError:
		return ErrNoSuchName
	}
	return fmt.Errorf("DNS server answered %s", dns.RcodeToString[answer.Rcode])
}

func addresses(answer *dns.Msg) []netip.Addr {
	var addrs []netip.Addr
	for _, rr := range answer.Answer {
		var ip net.IP
		switch rr := rr.(type) {
		case *dns.A:
			ip = rr.A
		case *dns.AAAA:
			ip = rr.AAAA
		}
		if a, ok := netip.AddrFromSlice(ip); ok {
			addrs = append(addrs, a.Unmap())
		}
	}
	return addrs
}
