package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

func defaultWebRTC() WebRTC {
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	return WebRTC{Used: true, TurnIP: loopback, TurnListenIP: loopback, TurnPortMin: 50000, TurnPortMax: 59999}
}

func webrtcVariables() []Variable {
	// The other variables are not even looked at when WebRTC is off.
	whenUsed := func(read func(*reader, value)) func(*reader, value) {
		return func(r *reader, v value) {
			if r.c.WebRTC.Used {
				read(r, v)
			}
		}
	}
	return inGroup(GroupWebRTC, []Variable{
		{
			Name: "FJ_WEBRTC_USED", Type: "boolean", Default: "true", Boolean: true,
			Doc:  "With `false` no WebRTC peers can be added, and the variables below are not read.",
			read: boolean("FJ_WEBRTC_USED", func(c *Config) *bool { return &c.WebRTC.Used }),
			show: func(c Config) string { return strconv.FormatBool(c.WebRTC.Used) },
		},
		{
			Name: "FJ_WEBRTC_TURN_IP", Type: "IP address", Default: "127.0.0.1",
			Doc:  "Address announced to clients for media.",
			read: whenUsed(ip("FJ_WEBRTC_TURN_IP", func(c *Config) *netip.Addr { return &c.WebRTC.TurnIP })),
			show: func(c Config) string { return showAddr(c.WebRTC.TurnIP) },
		},
		{
			Name: "FJ_WEBRTC_TURN_LISTEN_IP", Type: "IP address or host name", Default: "127.0.0.1",
			Doc:  "Address the media sockets bind to. A host name is resolved once, at start, to an IPv4 address.",
			read: whenUsed(readTurnListen),
			show: func(c Config) string { return showAddr(c.WebRTC.TurnListenIP) },
		},
		{
			Name: "FJ_WEBRTC_TURN_PORT_RANGE", Type: "from-to", Default: "50000-59999",
			Doc:  "UDP ports for media. Fjord takes one port of the range.",
			read: whenUsed(readTurnRange),
			show: func(c Config) string { return fmt.Sprintf("%d-%d", c.WebRTC.TurnPortMin, c.WebRTC.TurnPortMax) },
		},
		{
			Name: "FJ_WEBRTC_TURN_TCP_PORT", Type: "port", Default: "unset: no TCP",
			Doc:  "TCP port for media.",
			read: whenUsed(port("FJ_WEBRTC_TURN_TCP_PORT", func(c *Config) *int { return &c.WebRTC.TurnTCPPort })),
			show: func(c Config) string { return showNumber(c.WebRTC.TurnTCPPort) },
		},
		{
			Name: "FJ_WEBRTC_TURN_TLS_PORT", Ancestor: noAncestor, Type: "port", Default: "unset: no TLS",
			Doc:  "TCP port for media over TLS (TURNS).",
			read: whenUsed(port("FJ_WEBRTC_TURN_TLS_PORT", func(c *Config) *int { return &c.WebRTC.TurnTLSPort })),
			show: func(c Config) string { return showNumber(c.WebRTC.TurnTLSPort) },
		},
		{
			Name: "FJ_WEBRTC_TURN_TLS_CERT_PATH", Ancestor: noAncestor, Type: "path", Default: "`FJ_SSL_CERT_PATH`",
			Doc:  "PEM certificate chain of the TLS port.",
			read: whenUsed(text(func(c *Config) *string { return &c.WebRTC.TurnTLSCertPath })),
			show: func(c Config) string { return c.WebRTC.TurnTLSCertPath },
		},
		{
			Name: "FJ_WEBRTC_TURN_TLS_KEY_PATH", Ancestor: noAncestor, Type: "path", Default: "`FJ_SSL_KEY_PATH`",
			Doc:  "PEM private key of `FJ_WEBRTC_TURN_TLS_CERT_PATH`.",
			read: whenUsed(text(func(c *Config) *string { return &c.WebRTC.TurnTLSKeyPath })),
			show: func(c Config) string { return c.WebRTC.TurnTLSKeyPath },
		},
		{
			Name: "FJ_WEBRTC_TURN_TLS_ADVERTISE", Ancestor: noAncestor, Type: "boolean", Default: "false", Boolean: true,
			Doc:  "Name the TLS port to clients among the TURN servers. The mobile SDKs of Fishjam fail when it is named.",
			read: whenUsed(boolean("FJ_WEBRTC_TURN_TLS_ADVERTISE", func(c *Config) *bool { return &c.WebRTC.TurnTLSAdvertise })),
			show: func(c Config) string { return strconv.FormatBool(c.WebRTC.TurnTLSAdvertise) },
		},
	})
}

func showAddr(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func showNumber(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func readTurnListen(r *reader, v value) {
	if addr, ok := parseIP(v.text); ok {
		r.c.WebRTC.TurnListenIP = addr
		return
	}
	addrs, err := r.sys.LookupIPv4(v.text)
	if err != nil || len(addrs) == 0 {
		r.problem(v.name, fmt.Sprintf("Couldn't resolve %s, reason: %s.", v.text, resolveReason(err)),
			"set %s to an address of this machine or to a host name that resolves to an IPv4 address", v.name)
		return
	}
	r.c.WebRTC.TurnListenIP = addrs[0].Unmap()
	r.note(slog.LevelInfo, v.name, fmt.Sprintf("Resolved %s as %s", v.text, r.c.WebRTC.TurnListenIP))
}

// resolveReason names a failure as Erlang's inet module does.
func resolveReason(err error) string {
	var dns *net.DNSError
	switch {
	case err == nil || errors.As(err, &dns) && dns.IsNotFound:
		return "nxdomain"
	case errors.As(err, &dns) && dns.IsTimeout:
		return "timeout"
	}
	return err.Error()
}

func readTurnRange(r *reader, v value) {
	low, high, found := strings.Cut(v.text, "-")
	from, okFrom := parsePort(low, 0)
	to, okTo := parsePort(high, 0)
	if !found || !okFrom || !okTo || from > to {
		r.problem(v.name, "Bad FJ_WEBRTC_TURN_PORT_RANGE environment variable value. Expected \"from-to\", where `from` and `to` are numbers "+
			"between 0 and 65535 and `from` is not bigger than `to`, got: "+v.text, "set %s to a range such as 50000-59999", v.name)
		return
	}
	r.c.WebRTC.TurnPortMin, r.c.WebRTC.TurnPortMax = from, to
}

// finishWebRTC clears what is not in effect.
func finishWebRTC(r *reader) {
	w := &r.c.WebRTC
	if !w.Used {
		*w = WebRTC{}
		return
	}
	if w.TurnTLSPort == 0 {
		if w.TurnTLSAdvertise {
			r.problem(r.nameOf("FJ_WEBRTC_TURN_TLS_ADVERTISE"), "There is no TLS port that clients could be told of.", "set FJ_WEBRTC_TURN_TLS_PORT too")
		}
		return
	}
	finishTurnTLS(r)
}

// finishTurnTLS finds the certificate of the TLS port, and checks it unless it
// is that of HTTPS, which is checked there.
func finishTurnTLS(r *reader) {
	const certName, keyName = "FJ_WEBRTC_TURN_TLS_CERT_PATH", "FJ_WEBRTC_TURN_TLS_KEY_PATH"
	w := &r.c.WebRTC
	cert, certSet := r.seen[certName]
	key, keySet := r.seen[keyName]
	switch {
	case certSet && keySet:
		r.keyPair(cert, key)
	case certSet || keySet:
		r.problem(r.nameOf(certName), certName+" and "+keyName+" belong together.", "set both or neither")
	case r.c.SSLCertPath == "" && !r.set("FJ_SSL_KEY_PATH"):
		r.problem("FJ_WEBRTC_TURN_TLS_PORT", "The TLS port needs a certificate.", "set "+certName+" and "+keyName+", or FJ_SSL_CERT_PATH and FJ_SSL_KEY_PATH")
	default:
		w.TurnTLSCertPath, w.TurnTLSKeyPath = r.c.SSLCertPath, r.c.SSLKeyPath
	}
	if w.TurnTLSPort == w.TurnTCPPort {
		r.problem(r.nameOf("FJ_WEBRTC_TURN_TLS_PORT"), "FJ_WEBRTC_TURN_TCP_PORT is the same port.", "set %s to another port", r.nameOf("FJ_WEBRTC_TURN_TLS_PORT"))
	}
}
