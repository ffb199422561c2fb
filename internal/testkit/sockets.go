package testkit

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// tcpListen is the state LISTEN in /proc/net/tcp (proc(5)); bound UDP sockets
// that are not connected have state 07.
const (
	tcpListen = "0A"
	udpBound  = "07"
)

// Listening returns the addresses on which a process waits for others, from
// /proc, in its own network namespace: "tcp 127.0.0.1:4369", "udp [::]:50000"
// and so on, sorted.
func Listening(t testing.TB, pid int) []string {
	t.Helper()
	inodes := socketInodes(pid)
	var all []string
	for _, table := range []struct{ file, proto, state string }{
		{"tcp", "tcp", tcpListen},
		{"tcp6", "tcp", tcpListen},
		{"udp", "udp", udpBound},
		{"udp6", "udp", udpBound},
	} {
		rows, err := socketTable(pid, table.file, table.state, inodes)
		if err != nil {
			t.Fatalf("list the sockets of process %d: %v", pid, err)
		}
		for _, row := range rows {
			all = append(all, table.proto+" "+row)
		}
	}
	sort.Strings(all)
	return all
}

// socketInodes returns the inode numbers of a process's open sockets.
func socketInodes(pid int) map[string]bool {
	inodes := map[string]bool{}
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, link := range links {
		target, err := os.Readlink(link)
		if err == nil && strings.HasPrefix(target, "socket:[") {
			inodes[strings.Trim(target[len("socket:"):], "[]")] = true
		}
	}
	return inodes
}

func socketTable(pid int, file, state string, inodes map[string]bool) ([]string, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/net/%s", pid, file))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		// sl local remote state queues timer retransmits uid timeout inode
		fields := strings.Fields(sc.Text())
		if len(fields) < 10 || fields[3] != state || !inodes[fields[9]] {
			continue
		}
		addr, err := hexAddress(fields[1])
		if err != nil {
			return nil, err
		}
		rows = append(rows, addr.String())
	}
	return rows, nil
}

// hexAddress decodes the kernel's form: 32-bit words in host order (little
// endian here), then the port.
func hexAddress(s string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(s, ":")
	raw, err := hex.DecodeString(host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for i := 0; i+4 <= len(raw); i += 4 {
		raw[i], raw[i+1], raw[i+2], raw[i+3] = raw[i+3], raw[i+2], raw[i+1], raw[i]
	}
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	addr, ok := netip.AddrFromSlice(raw)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("address of %d bytes", len(raw))
	}
	return netip.AddrPortFrom(addr, uint16(n)), nil
}
