//go:build e2e

package media

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
)

// TestSecurePath: peers meet through TURN over TLS; when the certificate's files
// change, who comes next gets the new one, and who is there notices nothing.
func TestSecurePath(t *testing.T) {
	dir := t.TempDir()
	cert, key, port := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), testkit.FreePorts(t, 1)[0]
	first := &tls.Config{RootCAs: testkit.WriteCertificate(t, cert, key, 1)}
	n := startWith(t, map[string]string{
		"FJ_WEBRTC_TURN_TLS_PORT": strconv.Itoa(port), "FJ_WEBRTC_TURN_TLS_CERT_PATH": cert,
		"FJ_WEBRTC_TURN_TLS_KEY_PATH": key, "FJ_WEBRTC_TURN_TLS_ADVERTISE": "true",
	})
	room := n.MustPostRoom(t, "").ID
	o := sfupeer.Options{Relay: true, TLS: first}
	a, b := n.join(t, room, o), n.join(t, room, o)
	publish(t, a, video("a:v"), audio("a:a"))
	flows(t, b, "a:v", 20)
	flows(t, b, "a:a", 20)

	second := &tls.Config{RootCAs: testkit.WriteCertificate(t, cert, key, 2)}
	testkit.Within(t, limit, "the new certificate is used", func() bool {
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: limit}, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), second)
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
	c := n.join(t, room, sfupeer.Options{Relay: true, TLS: second})
	flows(t, c, "a:v", 20)
	flows(t, b, "a:v", 20)
	testkit.Within(t, limit, "the way of packets is measured", func() bool {
		return n.gauge(t, "fjord_sfu_latency_seconds_count") > 0 && n.gauge(t, "fjord_sfu_queue_age_seconds_count") > 0 &&
			n.gauge(t, "fjord_sfu_jitter_seconds_count") > 0 && n.gauge(t, "fjord_sfu_dropped_packets_total") == 0
	})
	for _, p := range []*peer{b, c} {
		if f := p.Received("a:v").Faults; len(f) > 0 {
			t.Errorf("%s: %v", p.id, f)
		}
	}
}
