package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"

	"github.com/fjord-media/fjord/config"
)

// runHealth asks the server of this machine for /health: the HEALTHCHECK of an
// image that has no curl.
func runHealth(c call) int {
	cfg, _, status, ok := load(c, "health", c.args)
	if !ok {
		return status
	}
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()
	body, err := askHealth(ctx, cfg)
	if err != nil {
		_, _ = fmt.Fprintln(c.stderr, "fjord health:", err)
		return exitFailure
	}
	_, _ = fmt.Fprintln(c.stdout, string(body))
	return exitOK
}

// askHealth returns the body of a 200.
func askHealth(ctx context.Context, cfg config.Config) ([]byte, error) {
	return askServer(ctx, cfg, http.MethodGet, "/health", nil, http.StatusOK)
}

// serverURL addresses the server from this machine.
func serverURL(cfg config.Config) string {
	host := cfg.IP
	switch {
	case host.IsUnspecified() && host.Is6():
		host = netip.IPv6Loopback()
	case host.IsUnspecified():
		host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	scheme := "http"
	if cfg.TLS() {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host.String(), strconv.Itoa(cfg.Port))
}

// pinnedTLS trusts exactly the certificate we serve with. Its name is a public
// one, so that the usual check against 127.0.0.1 would always fail.
func pinnedTLS(path string) (*tls.Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var leaf []byte
	for block, rest := pem.Decode(data); block != nil && leaf == nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			leaf = block.Bytes
		}
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the certificate itself
		VerifyConnection: func(state tls.ConnectionState) error {
			if leaf == nil || len(state.PeerCertificates) == 0 || !bytes.Equal(state.PeerCertificates[0].Raw, leaf) {
				return errors.New("the server's certificate is not that of " + path)
			}
			return nil
		},
	}, nil
}
