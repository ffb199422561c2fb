package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// dnsServer answers on one loopback port over UDP and TCP.
type dnsServer struct {
	port string
	mu   sync.Mutex
	seen []string // "udp A name."
}

func newDNSServer(t *testing.T, answer func(network string, q dns.Question, m *dns.Msg)) *dnsServer {
	t.Helper()
	udp, tcp, port := listenBoth(t)
	s := &dnsServer{port: port}
	for network, srv := range map[string]*dns.Server{"udp": {PacketConn: udp}, "tcp": {Listener: tcp}} {
		srv.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
			s.mu.Lock()
			s.seen = append(s.seen, fmt.Sprint(network, " ", dns.TypeToString[q.Question[0].Qtype], " ", q.Question[0].Name))
			s.mu.Unlock()
			m := new(dns.Msg).SetReply(q)
			answer(network, q.Question[0], m)
			if m.Rcode >= 0 {
				_ = w.WriteMsg(m)
			}
		})
		started := make(chan struct{})
		srv.NotifyStartedFunc = func() { close(started) }
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = srv.ActivateAndServe()
		}()
		<-started
		t.Cleanup(func() {
			_ = srv.Shutdown()
			<-done
		})
	}
	return s
}

// listenBoth finds a port that is free for UDP and TCP.
func listenBoth(t *testing.T) (net.PacketConn, net.Listener, string) {
	t.Helper()
	for range 100 {
		udp, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(udp.LocalAddr().String())
		if tcp, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			return udp, tcp, port
		}
		_ = udp.Close()
	}
	t.Fatal("no port is free for both")
	return nil, nil, ""
}

func (s *dnsServer) asked() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.seen, ", ")
}

func (s *dnsServer) resolver(t *testing.T, conf string) *systemResolver {
	t.Helper()
	file := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return &systemResolver{file: file, port: s.port}
}

const oneServer = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"

func record(text string) dns.RR {
	rr, err := dns.NewRR(text)
	if err != nil {
		panic(err)
	}
	return rr
}

func TestLookup(t *testing.T) {
	const silent = -1
	tests := []struct {
		name     string
		conf     string
		query    string
		answer   func(network string, q dns.Question, m *dns.Msg)
		want     string
		complete bool
		err      error
		asked    string // must be among the questions
	}{
		{
			name: "A and AAAA", query: "app.dns-network", complete: true, want: "10.0.0.1 10.0.0.2 fdaa::1",
			answer: func(_ string, q dns.Question, m *dns.Msg) {
				if q.Qtype == dns.TypeA {
					m.Answer = append(m.Answer, record(q.Name+" 1 IN A 10.0.0.2"), record(q.Name+" 1 IN A 10.0.0.1"))
				} else {
					m.Answer = append(m.Answer, record(q.Name+" 1 IN AAAA FDAA:0::1"))
				}
			},
		},
		{
			name: "behind a CNAME", query: "app.example", complete: true, want: "10.0.0.1",
			answer: func(_ string, q dns.Question, m *dns.Msg) {
				m.Answer = append(m.Answer, record(q.Name+" 1 IN CNAME other.example."))
				if q.Qtype == dns.TypeA {
					m.Answer = append(m.Answer, record("other.example. 1 IN A 10.0.0.1"))
				}
			},
		},
		{
			name: "no address", query: "app.example", complete: true, want: "",
			answer: func(string, dns.Question, *dns.Msg) {},
		},
		{
			name: "no such name", query: "app.example", err: ErrNoSuchName,
			answer: func(_ string, _ dns.Question, m *dns.Msg) { m.Rcode = dns.RcodeNameError },
		},
		{
			name: "NXDOMAIN for AAAA alone", query: "app.example", complete: true, want: "10.0.0.1",
			answer: func(_ string, q dns.Question, m *dns.Msg) {
				if q.Qtype == dns.TypeAAAA {
					m.Rcode = dns.RcodeNameError
				} else {
					m.Answer = append(m.Answer, record(q.Name+" 1 IN A 10.0.0.1"))
				}
			},
		},
		{
			name: "one half fails", query: "app.example", complete: false, want: "10.0.0.1",
			answer: func(_ string, q dns.Question, m *dns.Msg) {
				if q.Qtype == dns.TypeAAAA {
					m.Rcode = dns.RcodeServerFailure
				} else {
					m.Answer = append(m.Answer, record(q.Name+" 1 IN A 10.0.0.1"))
				}
			},
		},
		{
			name: "server failure", query: "app.example", err: errors.New("SERVFAIL"),
			answer: func(_ string, _ dns.Question, m *dns.Msg) { m.Rcode = dns.RcodeServerFailure },
		},
		{
			name: "silence", query: "app.example", err: context.DeadlineExceeded,
			answer: func(_ string, _ dns.Question, m *dns.Msg) { m.Rcode = silent },
		},
		{
			name: "cut over UDP, whole over TCP", query: "app.example", complete: true, want: "10.0.0.1", asked: "tcp A app.example.",
			answer: func(network string, q dns.Question, m *dns.Msg) {
				m.Truncated = network == "udp"
				if network == "tcp" && q.Qtype == dns.TypeA {
					m.Answer = append(m.Answer, record(q.Name+" 1 IN A 10.0.0.1"))
				}
			},
		},
		{
			name: "search domains", query: "app", complete: true, want: "10.0.0.1", asked: "udp A app.b.test.",
			conf: oneServer + "search a.test b.test\n",
			answer: func(_ string, q dns.Question, m *dns.Msg) {
				switch {
				case q.Name != "app.b.test.":
					m.Rcode = dns.RcodeNameError
				case q.Qtype == dns.TypeA:
					m.Answer = append(m.Answer, record(q.Name+" 1 IN A 10.0.0.1"))
				}
			},
		},
		{
			name: "the second server", query: "app.example", complete: true, want: "10.0.0.1",
			conf: "nameserver 127.0.0.254\n" + oneServer,
			answer: func(_ string, q dns.Question, m *dns.Msg) {
				if q.Qtype == dns.TypeA {
					m.Answer = append(m.Answer, record(q.Name+" 1 IN A 10.0.0.1"))
				}
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newDNSServer(t, tt.answer)
			conf := tt.conf
			if conf == "" {
				conf = oneServer
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			addrs, complete, err := s.resolver(t, conf).Lookup(ctx, tt.query)
			if (err == nil) != (tt.err == nil) || errors.Is(tt.err, ErrNoSuchName) && !errors.Is(err, ErrNoSuchName) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if got := join(addrs); got != tt.want || complete != tt.complete {
				t.Errorf("%q complete %t, want %q %t", got, complete, tt.want, tt.complete)
			}
			if !strings.Contains(s.asked(), tt.asked) {
				t.Errorf("asked %s, not %s", s.asked(), tt.asked)
			}
		})
	}
}

func join(addrs []netip.Addr) string {
	var words []string
	for _, a := range addrs {
		words = append(words, a.String())
	}
	return strings.Join(words, " ")
}

func TestLookupOfAddress(t *testing.T) {
	addrs, complete, err := SystemResolver().Lookup(t.Context(), "10.0.0.7")
	if err != nil || !complete || join(addrs) != "10.0.0.7" {
		t.Error(addrs, complete, err)
	}
}

func TestLookupWithoutConfiguration(t *testing.T) {
	if _, _, err := (&systemResolver{file: filepath.Join(t.TempDir(), "none")}).Lookup(t.Context(), "app"); err == nil {
		t.Error("no error")
	}
}
