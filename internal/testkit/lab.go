package testkit

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Lab is a small network of its own: one bridge, and hosts made of network
// namespaces on it. Labs share nothing with each other or with the machine's
// network, so every lab uses the same addresses.
type Lab struct {
	t      testing.TB
	prefix string // of the names of all its namespaces: fj-<pid>-<number>-
	hosts  int
}

// labPrefix begins the name of every namespace of every lab; the process id
// of the test run follows, so that leftovers of dead runs can be told apart.
const labPrefix = "fj-"

var labCount atomic.Int32

// NewLab makes an empty lab. It is taken down when the test ends.
func NewLab(t testing.TB) *Lab {
	t.Helper()
	NeedRoot(t)
	NeedTools(t, "ip", "nft")
	sweepLabs()
	l := &Lab{t: t, prefix: fmt.Sprintf("%s%d-%d-", labPrefix, os.Getpid(), labCount.Add(1))}
	t.Cleanup(func() { removeNetns(l.prefix) })
	l.makeNetns(l.bridge())
	l.ip("-n", l.bridge(), "link", "add", "br0", "type", "bridge", "forward_delay", "0")
	l.ip("-n", l.bridge(), "link", "set", "br0", "up")
	return l
}

func (l *Lab) bridge() string { return l.prefix + "br" }

// ip runs the ip tool and fails the test if it does.
func (l *Lab) ip(args ...string) {
	l.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		l.t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (l *Lab) makeNetns(name string) {
	l.t.Helper()
	l.ip("netns", "add", name)
	l.ip("-n", name, "link", "set", "lo", "up")
}

// AddHost adds a machine with the addresses given (each with its prefix
// length, "10.77.0.1/24", "fd77::1/64"), reachable from the others at once.
// Its resolver is 127.0.0.1 until SetResolver changes it.
func (l *Lab) AddHost(addresses ...string) *Host {
	l.t.Helper()
	l.hosts++
	h := &Host{t: l.t, netns: fmt.Sprintf("%sh%d", l.prefix, l.hosts)}
	l.makeNetns(h.netns)
	port := fmt.Sprintf("p%d", l.hosts)
	l.ip("-n", h.netns, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", l.bridge())
	l.ip("-n", l.bridge(), "link", "set", port, "master", "br0", "up")
	l.ip("-n", h.netns, "link", "set", "eth0", "up")
	for _, a := range addresses {
		p := netip.MustParsePrefix(a)
		args := []string{"-n", h.netns, "addr", "add", a, "dev", "eth0"}
		if p.Addr().Is6() {
			args = append(args, "nodad") // else unusable for a second
		}
		l.ip(args...)
		h.Addresses = append(h.Addresses, p.Addr())
	}
	l.settle(h)
	return h
}

// settle gives a new machine its resolver and hosts file, in which, as in a
// container, the machine's own name stands for its first address.
func (l *Lab) settle(h *Host) {
	l.t.Helper()
	lines := []string{"127.0.0.1 localhost", "::1 localhost"}
	if name, err := os.Hostname(); err == nil && len(h.Addresses) > 0 {
		lines = append(lines, h.Addr()+" "+name)
	}
	h.SetResolver("127.0.0.1")
	h.SetHosts(lines...)
}

// Loopback adds a machine that has nothing but its loopback interface: the
// place to run a manual's recipe with its own port numbers.
func (l *Lab) Loopback() *Host {
	l.t.Helper()
	return l.AddHost()
}

// sweepLabs removes what killed test runs left behind.
func sweepLabs() {
	for _, name := range netnsNames(labPrefix) {
		pid, _, _ := strings.Cut(strings.TrimPrefix(name, labPrefix), "-")
		if n, err := strconv.Atoi(pid); err == nil && syscall.Kill(n, 0) == syscall.ESRCH {
			removeNetns(name)
		}
	}
}

func netnsNames(prefix string) []string {
	paths, _ := filepath.Glob("/run/netns/" + prefix + "*")
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = filepath.Base(p)
	}
	return names
}

// removeNetns ends the processes inside the namespaces whose name starts with
// prefix and removes them with their files in /etc/netns.
func removeNetns(prefix string) {
	names := netnsNames(prefix)
	for _, name := range names {
		out, _ := exec.Command("ip", "netns", "pids", name).Output()
		for _, pid := range strings.Fields(string(out)) {
			if n, err := strconv.Atoi(pid); err == nil {
				_ = syscall.Kill(n, syscall.SIGKILL)
			}
		}
		_ = os.RemoveAll("/etc/netns/" + name)
	}
	for _, name := range names {
		for range 10 {
			if exec.Command("ip", "netns", "del", name).Run() == nil {
				break
			}
			time.Sleep(pollEvery)
		}
	}
}

// AddInside adds a machine behind another one, as a container stands behind
// its host: router and machine share a private link on which they have the
// two addresses given (with prefix length), the router forwards for it and
// hides its address on the way out (masquerade). Nothing of it can be reached
// from the bridge until the router publishes a port.
func (l *Lab) AddInside(router *Host, routerSide, own string) *Host {
	l.t.Helper()
	l.hosts++
	h := &Host{t: l.t, netns: fmt.Sprintf("%sh%d", l.prefix, l.hosts)}
	l.makeNetns(h.netns)
	port := fmt.Sprintf("in%d", l.hosts)
	l.ip("-n", h.netns, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", router.netns)
	l.ip("-n", router.netns, "addr", "add", routerSide, "dev", port)
	l.ip("-n", router.netns, "link", "set", port, "up")
	l.ip("-n", h.netns, "addr", "add", own, "dev", "eth0")
	l.ip("-n", h.netns, "link", "set", "eth0", "up")
	gateway := netip.MustParsePrefix(routerSide).Addr()
	l.ip("-n", h.netns, "route", "add", "default", "via", gateway.String())
	router.Run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
	router.Nft("table ip nat {\n" +
		" chain pre { type nat hook prerouting priority -100; }\n" +
		" chain post { type nat hook postrouting priority 100; oifname \"eth0\" masquerade; }\n}\n" +
		"table ip filter {\n" +
		" chain forward { type filter hook forward priority 0; policy drop; ct state established,related accept; ct status dnat accept; iifname \"" + port + "\" accept; }\n}\n")
	h.Addresses = []netip.Addr{netip.MustParsePrefix(own).Addr()}
	l.settle(h)
	return h
}

// Publish maps TCP ports of the router's bridge side to the machine inside.
func (l *Lab) Publish(router, inside *Host, ports ...int) {
	l.t.Helper()
	for _, p := range ports {
		router.Nft(fmt.Sprintf("add rule ip nat pre iifname \"eth0\" tcp dport %d dnat to %s\n", p, inside.Addr()))
	}
}
