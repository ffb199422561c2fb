package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// WebhookAllow is FJ_WEBHOOK_ALLOW: where webhooks may be sent. Its zero value
// means anywhere.
type WebhookAllow struct {
	Public   bool           // every address that is not of a special range
	Prefixes []netip.Prefix // addresses of these networks, IPv4 ones not mapped
	Hosts    []string       // lower case host names, or *.domain for all below a domain
}

// Any reports whether there is no restriction.
func (w WebhookAllow) Any() bool { return !w.Public && len(w.Prefixes) == 0 && len(w.Hosts) == 0 }

// String is the value as FJ_WEBHOOK_ALLOW takes it.
func (w WebhookAllow) String() string {
	var words []string
	if w.Public {
		words = append(words, "public")
	}
	for _, p := range w.Prefixes {
		words = append(words, p.String())
	}
	return strings.Join(append(words, w.Hosts...), " ")
}

func readWebhookAllow(r *reader, v value) {
	words := list(v.text)
	if len(words) == 0 {
		r.problem(v.name, "The list is empty.", "set %s to networks, host names or public, or unset it to allow all", v.name)
	}
	allow := &r.c.WebhookAllow
	for _, word := range words {
		prefix, isPrefix := parsePrefix(word)
		switch {
		case word == "public":
			allow.Public = true
		case isPrefix:
			allow.Prefixes = append(allow.Prefixes, prefix)
		case validHostPattern(word):
			allow.Hosts = append(allow.Hosts, strings.ToLower(word))
		default:
			r.problem(v.name, fmt.Sprintf("Neither a network nor a host name: %s", word),
				"write entries of %s such as 10.1.0.0/16, hooks.example.com, *.example.com or public", v.name)
		}
	}
}

// validHostPattern takes host names, and *. before one. What could be a
// mistyped network is none.
func validHostPattern(word string) bool {
	name := strings.TrimPrefix(word, "*.")
	letters := false
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters = true
		case c >= '0' && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return letters && !strings.HasPrefix(name, ".") && !strings.Contains(name, "..") && len(name) <= 253
}

// parsePrefix reads a network, or an address as a network of one.
func parsePrefix(text string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(text); err == nil && !p.Addr().Is4In6() {
		return p.Masked(), true
	}
	addr, ok := parseIP(text)
	if !ok || addr.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, addr.BitLen()), true
}

// DistAllow is FJ_DIST_ALLOW: which nodes may link up with this one. Its zero
// value means all that know the cookie.
type DistAllow struct {
	Prefixes []netip.Prefix // peers must have an address of these networks; empty: any
	Names    []string       // regular expressions, one of which must match the whole name; empty: any
}

// Any reports whether there is no restriction.
func (a DistAllow) Any() bool { return len(a.Prefixes) == 0 && len(a.Names) == 0 }

// String is the value as FJ_DIST_ALLOW takes it.
func (a DistAllow) String() string {
	var words []string
	for _, p := range a.Prefixes {
		words = append(words, p.String())
	}
	return strings.Join(append(words, a.Names...), " ")
}

// Permits returns the test of a peer: its node name, and the address it
// connects from or is dialled at. Both kinds of entries being set, a peer has
// to pass one of each.
func (a DistAllow) Permits() func(name string, addr netip.Addr) bool {
	var names []*regexp.Regexp
	for _, n := range a.Names {
		if re, err := wholeName(n); err == nil { // checked by Load
			names = append(names, re)
		}
	}
	return func(name string, addr netip.Addr) bool {
		byAddr, byName := len(a.Prefixes) == 0, len(a.Names) == 0
		for _, p := range a.Prefixes {
			byAddr = byAddr || p.Contains(addr.Unmap().WithZone(""))
		}
		for _, re := range names {
			byName = byName || re.MatchString(name)
		}
		return byAddr && byName
	}
}

func wholeName(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}

func readDistAllow(r *reader, v value) {
	words := strings.Fields(v.text) // a comma may be part of an expression
	if len(words) == 0 {
		r.problem(v.name, "The list is empty.", "set %s to networks and expressions for node names, or unset it to allow all", v.name)
	}
	for _, word := range words {
		if prefix, ok := parsePrefix(word); ok {
			r.c.Dist.Allow.Prefixes = append(r.c.Dist.Allow.Prefixes, prefix)
			continue
		}
		if _, err := wholeName(word); err != nil || !strings.Contains(word, "@") {
			r.problem(v.name, fmt.Sprintf("Neither a network nor a regular expression for node names: %s", word),
				"write entries of %s such as 10.1.0.0/16 or fishjam@.*", v.name)
			continue
		}
		r.c.Dist.Allow.Names = append(r.c.Dist.Allow.Names, word)
	}
}
