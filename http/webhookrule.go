package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// AddressRule says which hosts requests of ours may go to. Its zero value
// allows all.
type AddressRule struct {
	Public   bool           // addresses of no special range
	Prefixes []netip.Prefix // addresses of these networks
	Hosts    []string       // lower-case host names, or *.domain for all below a domain
}

// errForbidden says that an address is not allowed.
var errForbidden = errors.New("address not allowed by FJ_WEBHOOK_ALLOW")

// allows looks at the host as the URL names it, and at the address it has.
func (a AddressRule) allows(host string, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !a.Public && len(a.Prefixes) == 0 && len(a.Hosts) == 0 {
		return true
	}
	if a.Public && isPublic(addr) || slices.ContainsFunc(a.Prefixes, func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return true
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(a.Hosts, func(h string) bool {
		parent, wild := strings.CutPrefix(h, "*")
		return host == h || wild && strings.HasSuffix(host, parent)
	})
}

// isPublic excludes the special ranges of RFC 6890 and its updates that a
// server must not be made to reach.
func isPublic(addr netip.Addr) bool {
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return false
	}
	for _, special := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
	} {
		if netip.MustParsePrefix(special).Contains(addr) {
			return false
		}
	}
	return true
}

// webhookClient connects to allowed addresses only: what a name resolves to
// is looked at when the connection is made, not before. It uses no proxy, and
// leaves redirects to the caller.
func webhookClient(rule AddressRule) *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		dialer := net.Dialer{Timeout: 8 * time.Second, Control: func(_, to string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(to)
			if err != nil || !rule.allows(host, at.Addr()) {
				return fmt.Errorf("%w: %s", errForbidden, to)
			}
			return nil
		}}
		return dialer.DialContext(ctx, network, address)
	}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
