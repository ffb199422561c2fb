package cluster

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/miekg/dns"
)

// zone answers from a table of "TYPE name." → records; a name that is in no row
// does not exist.
func zone(rows map[string][]string) func(network string, q dns.Question, m *dns.Msg) {
	names := map[string]bool{}
	for key := range rows {
		names[key[indexAfterSpace(key):]] = true
	}
	return func(_ string, q dns.Question, m *dns.Msg) {
		if !names[q.Name] {
			m.Rcode = dns.RcodeNameError
			return
		}
		for _, text := range rows[dns.TypeToString[q.Qtype]+" "+q.Name] {
			m.Answer = append(m.Answer, record(text))
		}
	}
}

func indexAfterSpace(s string) int {
	for i := range s {
		if s[i] == ' ' {
			return i + 1
		}
	}
	return 0
}

func testZone() map[string][]string {
	return map[string][]string{
		"SRV _fjord._tcp.app.": {
			"_fjord._tcp.app. 5 IN SRV 0 0 4369 N1.app.", "_fjord._tcp.app. 5 IN SRV 0 0 4369 n2.app.", "_fjord._tcp.app. 5 IN SRV 0 0 4369 .",
		},
		"A n1.app.":    {"n1.app. 5 IN A 10.0.0.1"},
		"AAAA n2.app.": {"n2.app. 5 IN AAAA fdaa::2"},
		"A app.":       {"app. 5 IN A 10.0.0.3"},
		"AAAA app.":    {"app. 5 IN AAAA fdaa::3"},
		"A other.":     {"other. 5 IN A 10.0.0.4"},
	}
}

func TestDNSFindsByAllTypesAndQueries(t *testing.T) {
	s := newDNSServer(t, zone(testZone()))
	r := s.resolver(t, oneServer)
	for name, tt := range map[string]struct {
		opts DNSOptions
		want []string
	}{
		"addresses":        {DNSOptions{Queries: []string{"app"}}, []string{"f@10.0.0.3", "f@fdaa::3"}},
		"one family":       {DNSOptions{Queries: []string{"app"}, Types: []string{"aaaa"}}, []string{"f@fdaa::3"}},
		"several queries":  {DNSOptions{Queries: []string{"app", "other"}}, []string{"f@10.0.0.3", "f@10.0.0.4", "f@fdaa::3"}},
		"SRV by address":   {DNSOptions{Queries: []string{"_fjord._tcp.app"}, Types: []string{"srv"}}, []string{"f@10.0.0.1", "f@fdaa::2"}},
		"SRV by host":      {DNSOptions{Queries: []string{"_fjord._tcp.app"}, Types: []string{"srv"}, SRVHosts: true}, []string{"f@n1.app", "f@n2.app"}},
		"SRV and all else": {DNSOptions{Queries: []string{"_fjord._tcp.app", "app"}, Types: []string{"a", "aaaa", "srv"}}, []string{"f@10.0.0.1", "f@10.0.0.3", "f@fdaa::2", "f@fdaa::3"}},
		"another base":     {DNSOptions{Queries: []string{"other"}, Base: "app", Name: "KUBERNETES"}, []string{"app@10.0.0.4"}},
	} {
		tt.opts.Self, tt.opts.Resolver = "f@10.0.0.9", r
		tt.opts.OwnAddrs = func() ([]netip.Addr, error) { return nil, nil }
		got, err := NewDNS(tt.opts).poll(t.Context())
		if err != nil || !got.Complete || !slices.Equal(got.Nodes, tt.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// What one query does not answer leaves the result incomplete; nothing is lost.
func TestDNSWithOneFailingQuery(t *testing.T) {
	s := newDNSServer(t, func(network string, q dns.Question, m *dns.Msg) {
		if q.Name == "other." {
			m.Rcode = dns.RcodeServerFailure
			return
		}
		zone(testZone())(network, q, m)
	})
	d := NewDNS(DNSOptions{
		Queries: []string{"app", "other"}, Self: "f@10.0.0.9", Resolver: s.resolver(t, oneServer),
		OwnAddrs: func() ([]netip.Addr, error) { return nil, nil },
	})
	got, err := d.poll(t.Context())
	if err != nil || got.Complete || len(got.Nodes) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	d.opts.Queries = []string{"other"}
	if got, err := d.poll(t.Context()); err == nil {
		t.Errorf("nothing answers: %+v", got)
	}
}

func TestNoSRVRecords(t *testing.T) {
	s := newDNSServer(t, zone(testZone()))
	if hosts, err := s.resolver(t, oneServer).LookupSRV(context.Background(), "app"); err != nil || len(hosts) != 0 {
		t.Errorf("%v, %v", hosts, err)
	}
	if _, err := s.resolver(t, oneServer).LookupSRV(context.Background(), "none"); !errors.Is(err, ErrNoSuchName) {
		t.Error(err)
	}
}
