package config

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
)

// maxPort is the highest TCP or UDP port.
const maxPort = 65535

// parsePort reads a port number in lowest–65535, digits only.
func parsePort(text string, lowest int) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || int(n) < lowest || !digits(text) {
		return 0, false
	}
	return int(n), true
}

// digits tells plain numbers from those with a sign or an underscore.
func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// port makes a reader of a port variable.
func port(name string, field func(c *Config) *int) func(*reader, value) {
	return func(r *reader, v value) {
		n, ok := parsePort(v.text, 1)
		if !ok {
			r.problem(v.name, fmt.Sprintf("Bad %s environment variable value. Expected valid port number, got: %s", name, v.text),
				"set %s to a number from 1 to %d", v.name, maxPort)
			return
		}
		*field(&r.c) = n
	}
}

// parseIP reads an IPv4 or IPv6 literal.
func parseIP(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(text)
	return addr.Unmap(), err == nil
}

// ip makes a reader of an address variable.
func ip(name string, field func(c *Config) *netip.Addr) func(*reader, value) {
	return func(r *reader, v value) {
		addr, ok := parseIP(v.text)
		if !ok {
			r.problem(v.name, fmt.Sprintf("Bad %s environment variable value. Expected valid ip address, got: %s\"", name, v.text),
				"set %s to an IPv4 or IPv6 address such as 127.0.0.1", v.name)
			return
		}
		*field(&r.c) = addr
	}
}

// parseBool reads true or false in any case.
func parseBool(text string) (is, ok bool) {
	switch strings.ToLower(text) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// boolean makes a reader of a yes-or-no variable.
func boolean(name string, field func(c *Config) *bool) func(*reader, value) {
	return func(r *reader, v value) {
		is, ok := parseBool(v.text)
		if !ok {
			r.problem(v.name, fmt.Sprintf("Bad %s environment variable value. Expected true or false, got: %s", name, v.text),
				"set %s to true or false", v.name)
			return
		}
		*field(&r.c) = is
	}
}

// text makes a reader of a variable that is taken as it is.
func text(field func(c *Config) *string) func(*reader, value) {
	return func(r *reader, v value) { *field(&r.c) = v.text }
}

// secret makes a reader of a secret, which must not be blank.
func secret(field func(c *Config) *Secret) func(*reader, value) {
	return func(r *reader, v value) {
		if strings.TrimSpace(v.text) == "" {
			r.problem(v.name, "The value is empty.", "set %s to a secret of your own, or unset it", v.name)
			return
		}
		*field(&r.c) = Secret(v.text)
	}
}

// expandPath makes a path absolute; ~ is the home directory.
func (r *reader) expandPath(path string) string {
	if path == "~" || strings.HasPrefix(path, "~/") {
		if home, ok := r.sys.LookupEnv("HOME"); ok && home != "" {
			path = home + path[1:]
		}
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	dir, err := r.sys.Getwd()
	if err != nil {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
