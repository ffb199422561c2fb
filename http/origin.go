package httpapi

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Origins says which websocket requests are let in by their Origin. Requests
// without one always are.
type Origins struct {
	// Any lets everybody in.
	Any bool
	// SameHost lets those in whose origin is the requested scheme, host and
	// port.
	SameHost bool
	// Allowed lets those in that match one of the entries: host, //host:port,
	// //*.host (the host itself, too) or scheme://host. nil: those whose
	// origin has Host's host.
	Allowed []string
	// Host is FJ_HOST: host, with a port and a path or without.
	Host string
}

// allows looks at the first Origin header.
func (o Origins) allows(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || o.Any {
		return true
	}
	from, err := url.Parse(origin)
	if err != nil || from.Host == "" {
		return false
	}
	switch {
	case o.SameHost:
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		to := &url.URL{Scheme: scheme, Host: r.Host}
		return from.Scheme == scheme && sameHost(from.Hostname(), to.Hostname()) && portOf(from) == portOf(to)
	case o.Allowed != nil:
		for _, entry := range o.Allowed {
			if matchesOrigin(from, entry) {
				return true
			}
		}
		return false
	}
	host, _, _ := strings.Cut(o.Host, "/")
	own := &url.URL{Host: host}
	return sameHost(from.Hostname(), own.Hostname())
}

// matchesOrigin compares what the entry names: scheme, port, or just the host.
func matchesOrigin(from *url.URL, entry string) bool {
	if !strings.Contains(entry, "//") {
		entry = "//" + entry
	}
	scheme, rest, _ := strings.Cut(entry, "//")
	scheme = strings.TrimSuffix(scheme, ":")
	host, _, _ := strings.Cut(rest, "/")
	want := &url.URL{Scheme: scheme, Host: host}
	if scheme != "" && !strings.EqualFold(scheme, from.Scheme) {
		return false
	}
	if port := portOf(want); port != "" && port != portOf(from) {
		return false
	}
	name := want.Hostname()
	if parent, wild := strings.CutPrefix(name, "*."); wild {
		return sameHost(from.Hostname(), parent) || strings.HasSuffix(strings.ToLower(from.Hostname()), "."+strings.ToLower(parent))
	}
	return sameHost(from.Hostname(), name)
}

func sameHost(a, b string) bool {
	x, y := net.ParseIP(a), net.ParseIP(b)
	if x != nil && y != nil {
		return x.Equal(y)
	}
	return strings.EqualFold(a, b)
}

// portOf is the port, or that of the scheme, or empty.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	switch u.Scheme {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	}
	return ""
}
