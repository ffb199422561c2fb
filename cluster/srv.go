package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// maxSRV bounds the targets that one SRV answer may name.
const maxSRV = 256

// LookupSRV gives the target hosts of SRV records (RFC 2782), without the dot at
// the end, sorted. Ports are of no interest: EPMD knows them. A target "." means
// that there is none.
func (r *systemResolver) LookupSRV(ctx context.Context, name string) ([]string, error) {
	conf, err := r.config()
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", name, err)
	}
	last := fmt.Errorf("resolve %s: %w", name, ErrNoSuchName)
	for _, fqdn := range conf.NameList(name) {
		answer, err := askServers(ctx, conf, fqdn, dns.TypeSRV)
		if err == nil {
			return targets(answer), nil
		}
		if last = fmt.Errorf("resolve %s: %w", name, err); !errors.Is(err, ErrNoSuchName) {
			break
		}
	}
	return nil, last
}

func targets(answer *dns.Msg) []string {
	var hosts []string
	for _, rr := range answer.Answer {
		if srv, ok := rr.(*dns.SRV); ok && len(hosts) < maxSRV {
			if host := strings.TrimSuffix(strings.ToLower(srv.Target), "."); host != "" {
				hosts = append(hosts, host)
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}
