package cluster

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/node/etf"
)

func TestGossipPackets(t *testing.T) {
	for _, secret := range []string{"", "s3cret"} {
		c := newGossipCodec(secret)
		packet, err := c.encode("f1@h")
		if err != nil {
			t.Fatal(err)
		}
		if name, err := c.decode(packet); err != nil || name != "f1@h" {
			t.Errorf("%q: %q, %v", secret, name, err)
		}
		for _, other := range []string{"", "s3cret", "other"} {
			if other == secret {
				continue
			}
			if name, err := newGossipCodec(other).decode(packet); err == nil {
				t.Errorf("%q reads the packets of %q: %q", other, secret, name)
			}
		}
	}
}

// The plain packet of a real node: OTP ≤ 25 sends an ATOM_EXT.
func TestGoldenGossipPacket(t *testing.T) {
	packet := "heartbeat::\x83t\x00\x00\x00\x01d\x00\x04noded\x00\x0cf1@localhost"
	if name, err := newGossipCodec("").decode([]byte(packet)); err != nil || name != "f1@localhost" {
		t.Errorf("%q, %v", name, err)
	}
}

func TestBadGossipPackets(t *testing.T) {
	for _, bad := range []string{"", "heartbeat::", "heartbeat::\x83j", "heartbeat::\x83t\x00\x00\x00\x00", "hello", strings.Repeat("x", 100)} {
		for _, secret := range []string{"", "s"} {
			if name, err := newGossipCodec(secret).decode([]byte(bad)); err == nil {
				t.Errorf("%q is read as %q", bad, name)
			}
		}
	}
}

func FuzzGossipPacket(f *testing.F) {
	for _, secret := range []string{"", "s"} {
		packet, err := newGossipCodec(secret).encode("f1@localhost")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packet, secret)
	}
	f.Fuzz(func(t *testing.T, packet []byte, secret string) {
		if len(packet) > maxPacket {
			return
		}
		name, err := newGossipCodec(secret).decode(packet)
		if err == nil && !etf.Atom(name).Valid() {
			t.Errorf("%q", name)
		}
	})
}

// gossiper is a running Gossip on loopback.
type gossiper struct {
	mu    sync.Mutex
	nodes []string
}

func (g *gossiper) publish(t Targets) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.nodes = t.Nodes
}

func (g *gossiper) knows(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Contains(g.nodes, name)
}

func startGossip(t *testing.T, name, secret string, port int) *gossiper {
	t.Helper()
	g := &gossiper{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	s := NewGossip(GossipOptions{Self: name, Port: port, Interface: netip.MustParseAddr("127.0.0.1"), TTL: 1, Secret: secret})
	s.pause = heartbeatMax / 20
	go func() { done <- s.Run(ctx, g.publish) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return g
}

// unusedUDPPorts are two different ones.
func unusedUDPPorts(t *testing.T) (ports [2]int) {
	t.Helper()
	for i := range ports {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		ports[i] = conn.LocalAddr().(*net.UDPAddr).Port
	}
	return ports
}

// Two Fjord nodes and an Elixir node that speaks as libcluster does hear each
// other, with and without a secret.
func TestGossipWithElixir(t *testing.T) {
	ports := unusedUDPPorts(t) // what has one secret does not understand the other
	for i, secret := range []string{"", "s3cret"} {
		t.Run("secret "+secret, func(t *testing.T) {
			t.Parallel()
			port := ports[i]
			a, b := startGossip(t, "f1@h", secret, port), startGossip(t, "f2@h", secret, port)
			heard := startElixir(t, "testdata/gossip.exs", strconv.Itoa(port), secret)
			within(t, 10*time.Second, "all hear all", func() bool {
				return a.knows("f2@h") && b.knows("f1@h") && a.knows("elixir@h") && b.knows("elixir@h") &&
					strings.Contains(heard(), "heard %{node: :f1@h}") && strings.Contains(heard(), "heard %{node: :f2@h}")
			})
			if a.knows("f1@h") {
				t.Error("a node finds itself")
			}
			if strings.Contains(heard(), "not understood") {
				t.Error(heard())
			}
		})
	}
}

// startElixir runs a script until the test ends and gives its output so far.
func startElixir(t *testing.T, args ...string) (output func() string) {
	t.Helper()
	cmd := exec.Command("elixir", args...)
	in, err := cmd.StdinPipe() // its end ends the script
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var text bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadString('\n')
			mu.Lock()
			text.WriteString(line)
			mu.Unlock()
			if err != nil {
				_, _ = io.Copy(io.Discard, r)
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = in.Close()
		timer := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		<-done
		_ = cmd.Wait()
	})
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return text.String()
	}
}
