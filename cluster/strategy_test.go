package cluster

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestNodesListIgnoresItself(t *testing.T) {
	var got []string
	err := NewNodesList("  f1@h f2@h\tf3@h\n", "f2@h").Run(t.Context(), func(t Targets) { got = t.Nodes })
	if err != nil || !slices.Equal(got, []string{"f1@h", "f3@h"}) {
		t.Errorf("%v %v", got, err)
	}
}

func TestStrategyPanicIsAnError(t *testing.T) {
	if err := runStrategy(t.Context(), brokenStrategy{}, nil); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Error(err)
	}
}

type brokenStrategy struct{}

func (brokenStrategy) Name() string                             { return "BROKEN" }
func (brokenStrategy) Run(context.Context, func(Targets)) error { panic("it is broken") }

// fakeResolver answers what it is told to.
type fakeResolver struct {
	mu    sync.Mutex
	addrs []netip.Addr
	part  bool
	err   error
	asked []time.Duration
	start time.Time
}

func (r *fakeResolver) LookupSRV(context.Context, string) ([]string, error) {
	return nil, ErrNoSuchName
}

func (r *fakeResolver) Lookup(context.Context, string) ([]netip.Addr, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, time.Since(r.start))
	return r.addrs, !r.part, r.err
}

func (r *fakeResolver) polls() int {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asked)
}

func (r *fakeResolver) set(err error, addrs ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err, r.addrs = err, nil
	for _, a := range addrs {
		r.addrs = append(r.addrs, netip.MustParseAddr(a))
	}
}

func own(addrs ...string) func() ([]netip.Addr, error) {
	return func() ([]netip.Addr, error) {
		var list []netip.Addr
		for _, a := range addrs {
			list = append(list, netip.MustParseAddr(a))
		}
		return list, nil
	}
}

func TestDNSPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeResolver{start: time.Now()}
		r.set(nil, "10.0.0.1", "fdaa::1")
		book := &logBook{}
		d := NewDNS(DNSOptions{Queries: []string{"app"}, Self: "app@10.0.0.1", Resolver: r, OwnAddrs: own("127.0.0.1", "10.0.0.1", "fdaa::1"), Logger: slog.New(book)})
		var mu sync.Mutex
		var published []string
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- d.Run(ctx, func(t Targets) {
				mu.Lock()
				defer mu.Unlock()
				published = append(published, strings.Join(t.Nodes, " "))
			})
		}()
		last := func() string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if len(published) == 0 {
				return "nothing"
			}
			return published[len(published)-1]
		}
		if got := last(); got != "" {
			t.Errorf("first poll published %q, though all addresses are own", got)
		}
		time.Sleep(3 * time.Second) // alone: each second
		if n := r.polls(); n != 4 {
			t.Errorf("%d polls in 3 s", n)
		}
		for _, line := range []string{"asking DNS for nodes", "DNS query names no other node yet"} {
			if n := len(book.containing(line)); n != 1 {
				t.Errorf("%q is logged %d times: %q", line, n, book.all())
			}
		}
		r.set(nil, "10.0.0.1", "10.0.0.2", "fdaa:0:0:0::AB")
		time.Sleep(time.Second)
		if got := last(); got != "app@10.0.0.2 app@fdaa::ab" {
			t.Errorf("published %q", got)
		}
		before := r.polls()
		time.Sleep(20 * time.Second) // not alone: each interval
		if n := r.polls() - before; n != 4 {
			t.Errorf("%d polls in 20 s", n)
		}
		mu.Lock()
		count := len(published)
		mu.Unlock()
		r.set(errors.New("server is away"))
		time.Sleep(time.Minute)
		synctest.Wait()
		mu.Lock()
		if len(published) != count {
			t.Error("a failed lookup published something")
		}
		mu.Unlock()
		r.set(nil, "10.0.0.3")
		time.Sleep(5 * time.Second)
		if got := last(); got != "app@10.0.0.3" {
			t.Errorf("published %q", got)
		}
		if w := book.containing("WARN"); len(w) != 1 {
			t.Errorf("warnings %q", w)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A node that stays alone does not ask each second for ever.
func TestDNSCalmsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeResolver{start: time.Now()}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour+time.Second)
		defer cancel()
		d := NewDNS(DNSOptions{Queries: []string{"app"}, Self: "app@10.0.0.1", Resolver: r, OwnAddrs: own()})
		if err := d.Run(ctx, func(Targets) {}); err != nil {
			t.Error(err)
		}
		if n := len(r.asked); n > 30+3600/5+2 {
			t.Errorf("%d polls in an hour", n)
		}
	})
}

func TestChooseOwnAddress(t *testing.T) {
	lookup := func(addrs ...string) func(context.Context, string) ([]netip.Addr, error) {
		return func(context.Context, string) ([]netip.Addr, error) { return own(addrs...)() }
	}
	tests := []struct {
		name   string
		host   string
		answer []string
		err    error
		own    []string
		hosts  func(context.Context, string) ([]netip.Addr, error)
		want   string
		takes  time.Duration
	}{
		{name: "an address is kept", host: "10.1.1.1", want: "10.1.1.1"},
		{name: "an IPv6 address is kept", host: "fdaa::1", want: "fdaa::1"},
		{
			name: "interface address in the answer", host: "box", answer: []string{"10.0.0.9", "fdaa::2", "10.0.0.2"},
			own: []string{"127.0.0.1", "fdaa::2", "10.0.0.2"}, hosts: lookup("192.168.1.1"), want: "fdaa::2",
		},
		{
			name: "not in the answer: IPv4 of the host", host: "box", answer: []string{"10.0.0.9"}, own: []string{"10.0.0.2"},
			hosts: lookup("fdaa::7", "192.168.1.1"), want: "192.168.1.1", takes: 5 * time.Second,
		},
		{
			name: "DNS is away: IPv6 of the host", host: "box", err: errors.New("away"), own: []string{"10.0.0.2"},
			hosts: lookup("fdaa::7"), want: "fdaa::7", takes: 5 * time.Second,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &fakeResolver{start: time.Now()}
				r.set(tt.err, tt.answer...)
				var got netip.Addr
				took := elapsed(func() {
					var err error
					got, err = ChooseOwnAddress(t.Context(), OwnAddressOptions{
						Query: "app", Host: tt.host, Resolver: r, OwnAddrs: own(tt.own...), LookupHost: tt.hosts,
					})
					if err != nil {
						t.Error(err)
					}
				})
				if got.String() != tt.want || took != tt.takes {
					t.Errorf("%s after %s", got, took)
				}
			})
		})
	}
}

func TestChooseOwnAddressWaitsForDNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeResolver{start: time.Now()}
		time.AfterFunc(2*time.Second, func() { r.set(nil, "10.0.0.2") })
		a, err := ChooseOwnAddress(t.Context(), OwnAddressOptions{Query: "app", Host: "box", Resolver: r, OwnAddrs: own("10.0.0.2")})
		if err != nil || a.String() != "10.0.0.2" {
			t.Error(a, err)
		}
	})
}

func TestChooseOwnAddressFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := ChooseOwnAddress(t.Context(), OwnAddressOptions{
			Query: "app", Host: "box", Resolver: &fakeResolver{}, OwnAddrs: own(),
			LookupHost: func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("nxdomain") },
		})
		if err == nil || err.Error() != "Couldn't resolve box, reason: nxdomain." {
			t.Error(err)
		}
	})
}
