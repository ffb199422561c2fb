package sfu_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
)

// testTLS is a certificate for 127.0.0.1 and a client that believes in it.
func testTLS(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, &tls.Config{RootCAs: roots}
}

// TestTurnsNamed: clients learn of UDP and TCP; of TLS only if the operator
// says so, though its port is open.
func TestTurnsNamed(t *testing.T) {
	server, _ := testTLS(t)
	for _, c := range []struct {
		name     string
		tcp, tls bool
		named    bool
		want     []string
	}{
		{"UDP only", false, false, false, []string{"udp"}},
		{"TLS is not named", true, true, false, []string{"udp", "tcp"}},
		{"TLS is named", true, true, true, []string{"udp", "tcp", "tls"}},
		{"no TLS to name", true, false, true, []string{"udp", "tcp"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := sfupeer.NewLab(t, func(e *sfu.EngineOptions) {
				e.TLSAdvertise = c.named
				if c.tcp {
					e.TCPPort = sfupeer.FreePort(t)
				}
				if c.tls {
					e.TLSPort, e.TLS = sfupeer.FreePort(t), server
				}
			})
			a, _ := lab.Join(lab.Room(sfu.RoomOptions{}), "a", sfupeer.Options{})
			publish(t, a, audio("a:a"))
			lab.Until("offerData", a, func() bool { return a.Count("offerData") > 0 })
			if got := turnsOf(t, a); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// turnsOf lists the transports of the first offerData.
func turnsOf(t *testing.T, c *sfupeer.Client) (list []string) {
	t.Helper()
	for _, e := range c.Events() {
		if e.Type != "offerData" {
			continue
		}
		var d struct {
			Turns []struct {
				Transport string `json:"transport"`
			} `json:"integratedTurnServers"`
		}
		if err := json.Unmarshal(e.Data, &d); err != nil {
			t.Fatal(err)
		}
		for _, turn := range d.Turns {
			list = append(list, turn.Transport)
		}
		return list
	}
	return nil
}
