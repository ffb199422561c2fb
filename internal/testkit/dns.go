package testkit

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// DNS is a dnsmasq that serves the addresses of names, on one host of a lab.
type DNS struct {
	*Process
	host    *Host
	records string // hosts-format file, read again on SIGHUP
	names   map[string][]string
}

// StartDNS starts dnsmasq on every address of the host, port 53, knowing no names.
func StartDNS(t testing.TB, host *Host) *DNS {
	t.Helper()
	NeedTools(t, "dnsmasq")
	// dnsmasq reads the file again after it has given up root.
	dir, err := os.MkdirTemp("", "fjord-dns")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d := &DNS{host: host, records: filepath.Join(dir, "records"), names: map[string][]string{}}
	d.write(t)
	d.run(t)
	return d
}

func (d *DNS) run(t testing.TB) {
	t.Helper()
	d.Process = Start(t, Command{Name: "dnsmasq", Path: "dnsmasq", Host: d.host, Args: []string{
		"--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=",
		"--addn-hosts=" + d.records, "--log-facility=-", "--user=root", "--local-ttl=0",
	}})
	Within(t, 5*time.Second, "dnsmasq answers", func() bool {
		conn, err := d.host.Dial(t.Context(), "tcp", net.JoinHostPort(d.host.Addr(), "53"))
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

// Set makes the addresses all that the name resolves to; none removes it.
func (d *DNS) Set(t testing.TB, name string, addresses ...string) {
	t.Helper()
	d.names[name] = addresses
	d.write(t)
	d.Signal(t, syscall.SIGHUP)
}

func (d *DNS) write(t testing.TB) {
	t.Helper()
	var text strings.Builder
	for name, addresses := range d.names {
		for _, a := range addresses {
			fmt.Fprintf(&text, "%s %s\n", a, name)
		}
	}
	if err := os.WriteFile(d.records, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Restart starts the server again after it has been killed.
func (d *DNS) Restart(t testing.TB) {
	t.Helper()
	d.run(t)
}
