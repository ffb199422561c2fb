package node

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"
)

// Name is a node name split at its "@".
type Name struct {
	Alive string // left of the "@", what EPMD knows
	Host  string // right of it
}

// ParseName splits and checks a node name: exactly one "@", both parts not
// empty, at most 255 characters, no control characters or blanks.
func ParseName(s string) (Name, error) {
	alive, host, ok := strings.Cut(s, "@")
	switch {
	case !ok || alive == "" || host == "" || strings.Contains(host, "@"):
		return Name{}, fmt.Errorf("%q: %w: want name@host", s, ErrBadName)
	case !utf8.ValidString(s) || utf8.RuneCountInString(s) > 255:
		return Name{}, fmt.Errorf("%q: %w: at most 255 characters of UTF-8", s, ErrBadName)
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return Name{}, fmt.Errorf("%q: %w: blanks and control characters are not allowed", s, ErrBadName)
	}
	return Name{Alive: alive, Host: host}, nil
}

// String is the whole name.
func (n Name) String() string { return n.Alive + "@" + n.Host }

// Literal is the address when the host part is one.
func (n Name) Literal() (netip.Addr, bool) {
	addr, err := netip.ParseAddr(n.Host)
	return addr.Unmap(), err == nil
}

// checkOwn says whether a node may have this name. A long name without a dot
// may exist (erl -name allows it too) though no BEAM node would dial it.
func (n Name) checkOwn(long bool) error {
	if !long && strings.Contains(n.Host, ".") {
		return fmt.Errorf("%q: %w", n, &NameKindError{Name: n.String()})
	}
	return nil
}

// checkDial says whether a node that uses long or short names may dial this
// one, as OTP does: a long host part has a dot or is an IP address, a short one
// has no dot.
func (n Name) checkDial(long bool) error {
	dotted := strings.Contains(n.Host, ".")
	_, literal := n.Literal()
	if long != (dotted || long && literal) {
		return &NameKindError{Name: n.String(), Long: long}
	}
	return nil
}
