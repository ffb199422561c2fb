package config

import (
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"os"
	"time"
)

// resolveTimeout bounds the look-up of FJ_WEBRTC_TURN_LISTEN_IP.
const resolveTimeout = 5 * time.Second

// System is what Load asks of the machine. A nil function counts as an empty
// environment, a missing file, an unknown host.
type System struct {
	LookupEnv  func(name string) (string, bool)
	Environ    func() []string // NAME=value, to find misspelt names
	ReadFile   func(path string) ([]byte, error)
	Getwd      func() (string, error)
	Hostname   func() (string, error)
	LookupIPv4 func(host string) ([]netip.Addr, error)
	Random     func(b []byte) error
}

// OS is the machine Fjord runs on.
func OS() System {
	return System{
		LookupEnv:  os.LookupEnv,
		Environ:    os.Environ,
		ReadFile:   os.ReadFile,
		Getwd:      os.Getwd,
		Hostname:   os.Hostname,
		LookupIPv4: lookupIPv4,
		Random:     func(b []byte) error { _, err := rand.Read(b); return err },
	}
}

// Env is a System with nothing but the variables of env, for tests and tools.
// Its host is called localhost, its directory is /, its random bytes are zero.
func Env(env map[string]string) System {
	return System{LookupEnv: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}}.withDefaults()
}

func lookupIPv4(host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
}

func (s System) withDefaults() System {
	if s.LookupEnv == nil {
		s.LookupEnv = func(string) (string, bool) { return "", false }
	}
	if s.Environ == nil {
		s.Environ = func() []string { return nil }
	}
	if s.ReadFile == nil {
		s.ReadFile = func(string) ([]byte, error) { return nil, os.ErrNotExist }
	}
	if s.Getwd == nil {
		s.Getwd = func() (string, error) { return "/", nil }
	}
	if s.Hostname == nil {
		s.Hostname = func() (string, error) { return "localhost", nil }
	}
	if s.LookupIPv4 == nil {
		s.LookupIPv4 = func(host string) ([]netip.Addr, error) {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
	}
	if s.Random == nil {
		s.Random = func([]byte) error { return nil }
	}
	return s
}
