package testkit

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Host is one machine of a Lab: a network namespace with its own resolver
// and hosts file.
type Host struct {
	Addresses []netip.Addr // in the order given to AddHost

	t     testing.TB
	netns string
}

// Addr is the host's first address.
func (h *Host) Addr() string { return h.Addresses[0].String() }

// SetResolver makes the address the only name server in the host's
// /etc/resolv.conf (of processes started from now on).
func (h *Host) SetResolver(address string) {
	h.write("resolv.conf", "nameserver "+address+"\noptions timeout:1 attempts:1\n")
}

// SetHosts replaces the host's /etc/hosts (of processes started from now on).
func (h *Host) SetHosts(lines ...string) {
	h.write("hosts", strings.Join(lines, "\n")+"\n")
}

// write puts a file where ip-netns(8) looks for what it mounts over /etc.
func (h *Host) write(name, text string) {
	h.t.Helper()
	dir := filepath.Join("/etc/netns", h.netns)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// Run runs a command on the host and returns its output; failing fails the test.
func (h *Host) Run(name string, args ...string) string {
	h.t.Helper()
	out, err := h.Try(name, args...)
	if err != nil {
		h.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// Try is Run for commands that may fail.
func (h *Host) Try(name string, args ...string) (string, error) {
	out, err := exec.Command("ip", append([]string{"netns", "exec", h.netns, name}, args...)...).CombinedOutput()
	return string(out), err
}

// Nft feeds rules to nft(8) on the host.
func (h *Host) Nft(rules string) {
	h.t.Helper()
	cmd := exec.Command("ip", "netns", "exec", h.netns, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("nft: %v\n%s\n%s", err, out, rules)
	}
}

// Cut drops every packet from and to the peer, silently, until Mend.
func (h *Host) Cut(peer *Host) {
	h.t.Helper()
	var rules strings.Builder
	rules.WriteString("add table inet cut\n" +
		"add chain inet cut in { type filter hook input priority 0; }\n" +
		"add chain inet cut out { type filter hook output priority 0; }\n")
	for _, a := range peer.Addresses {
		family := "ip"
		if a.Is6() {
			family = "ip6"
		}
		fmt.Fprintf(&rules, "add rule inet cut in %s saddr %s drop\nadd rule inet cut out %s daddr %s drop\n", family, a, family, a)
	}
	h.Nft(rules.String())
}

// Mend undoes every Cut of this host.
func (h *Host) Mend() {
	h.t.Helper()
	h.Nft("delete table inet cut\n")
}

// Dial connects from inside the host; address must be an IP literal with a port.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	err := h.inside(func() error {
		var err error
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// Listen listens inside the host.
func (h *Host) Listen(network, address string) (net.Listener, error) {
	var l net.Listener
	err := h.inside(func() error {
		var err error
		l, err = net.Listen(network, address)
		return err
	})
	return l, err
}

// inside runs f on a thread that is in the host's network namespace. Sockets
// keep the namespace they were made in, so f may hand them out. If the thread
// cannot return it stays locked and ends with its goroutine.
func (h *Host) inside(f func() error) error {
	done := make(chan error, 1)
	beside("in "+h.netns, func() { done <- h.switched(f) })
	return <-done
}

func (h *Host) switched(f func() error) error {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer home.Close()
	there, err := os.Open("/run/netns/" + h.netns)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter %s: %w", h.netns, err)
	}
	result := f()
	if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err == nil {
		runtime.UnlockOSThread()
	}
	return result
}

// Has says whether a process is in the host's network.
func (h *Host) Has(pid string) bool {
	out, err := exec.Command("ip", "netns", "pids", h.netns).Output()
	return err == nil && slices.Contains(strings.Fields(string(out)), pid)
}
