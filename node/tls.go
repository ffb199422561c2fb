package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"time"
)

// Ways to verify the other side of a TLS link.
const (
	VerifyPeer  = "peer"  // certificates of both sides; that of a dialled node must name its host
	VerifyChain = "chain" // certificates of both sides, whatever names they carry
	VerifyNone  = "none"  // no certificates are asked for: encryption, and the cookie
)

// TLSOptions make links run over TLS (1.2 or 1.3), as `erl -proto_dist inet_tls`
// or inet6_tls. All nodes of a cluster do, or none. The files are PEM; they are
// looked at before each handshake and read again when they have changed, so
// that a renewed certificate needs no restart. Links that are up stay.
//
// With VerifyPeer and VerifyChain a certificate must be good for what it is
// used for: for server authentication when the node is dialled, for client
// authentication when it dials, unless it has no extended key usage at all. A
// host is looked for in the subject alternative names only. BEAM nodes with
// verify_peer look for the host part of a node's name among the DNS names even
// when it is an IP address; this package looks among both.
type TLSOptions struct {
	CertFile   string // this node's certificate, and those between it and an authority's
	KeyFile    string // its private key
	CACertFile string // the authorities' certificates; needed unless Verify is none
	Verify     string // peer (default), chain or none
}

func (o *TLSOptions) check() error {
	if o == nil {
		return nil
	}
	switch o.Verify {
	case VerifyPeer, VerifyChain, "":
		if o.CACertFile == "" {
			return errors.New("TLS without verification is to be asked for: a CACertFile is missing")
		}
	case VerifyNone:
	default:
		return fmt.Errorf("TLS verification %q: want peer, chain or none", o.Verify)
	}
	if o.CertFile == "" || o.KeyFile == "" {
		return errors.New("TLS needs CertFile and KeyFile")
	}
	return nil
}

// security makes TLS connections of bare ones.
type security struct {
	verify string
	files  *certificates
}

// newSecurity reads the certificates; nil without TLS.
func newSecurity(o *TLSOptions, log *slog.Logger) (*security, error) {
	if o == nil {
		return nil, nil
	}
	files, err := loadCertificates(*o, log)
	if err != nil {
		return nil, err
	}
	return &security{verify: orDefault(o.Verify, VerifyPeer), files: files}, nil
}

// accept runs the TLS handshake with a peer that dialled us.
func (s *security) accept(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if s == nil {
		return conn, nil
	}
	now := s.files.current()
	config := s.common(now)
	if s.verify != VerifyNone {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, now.authorities
	}
	return handshakeTLS(ctx, conn, config, tls.Server)
}

// dial runs the TLS handshake with the node on host.
func (s *security) dial(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
	if s == nil {
		return conn, nil
	}
	now := s.files.current()
	config := s.common(now)
	config.ServerName = host
	config.Renegotiation = tls.RenegotiateFreelyAsClient // OTP does after many records of TLS 1.2
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &now.own, nil }
	config.InsecureSkipVerify = true // VerifyConnection does it: crypto/tls cannot leave out the name
	if s.verify != VerifyNone {
		config.VerifyConnection = func(state tls.ConnectionState) error { return s.verifyDialled(state, now.authorities, host) }
	}
	return handshakeTLS(ctx, conn, config, tls.Client)
}

func (s *security) common(now *material) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{now.own},
		MinVersion:   tls.VersionTLS12,
		// Each link verifies anew: sessions are not resumed.
		SessionTicketsDisabled: true,
	}
}

// verifyDialled verifies a dialled node's certificate.
func (s *security) verifyDialled(state tls.ConnectionState, roots *x509.CertPool, host string) error {
	if len(state.PeerCertificates) == 0 {
		return &tls.CertificateVerificationError{Err: errors.New("no certificate")}
	}
	others := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		others.AddCert(c)
	}
	own := state.PeerCertificates[0]
	_, err := own.Verify(x509.VerifyOptions{Roots: roots, Intermediates: others})
	if err == nil && s.verify == VerifyPeer {
		err = verifyName(own, host)
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
	}
	return nil
}

// verifyName looks for a host in a certificate. An address counts among the DNS
// names, too: that is where BEAM nodes look for one.
func verifyName(c *x509.Certificate, host string) error {
	err := c.VerifyHostname(host)
	if _, literal := (Name{Host: host}).Literal(); literal && slices.Contains(c.DNSNames, host) {
		return nil
	}
	return err
}

// handshakeTLS runs a handshake, which ctx bounds. On an error the caller
// closes conn.
func handshakeTLS(ctx context.Context, conn net.Conn, config *tls.Config, side func(net.Conn, *tls.Config) *tls.Conn) (net.Conn, error) {
	bare := &bareConn{Conn: conn, left: maxTLSHandshake}
	secure := side(bare, config)
	if err := bounded(ctx, conn, secure.Handshake); err != nil {
		return nil, tlsError(err)
	}
	bare.done()
	return &secureConn{Conn: secure, bare: bare}, nil
}

// bounded runs a handshake under ctx: its deadline and its end reach conn. Unlike
// HandshakeContext of crypto/tls it has no goroutine wait for that.
func bounded(ctx context.Context, conn net.Conn, handshake func() error) error {
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(fired)
		_ = conn.SetDeadline(time.Unix(1, 0)) // wakes reads and writes; a failure means it is closed
	})
	err := handshake()
	if !stop() {
		<-fired
	}
	switch {
	case ctx.Err() != nil && err == nil:
		return context.Cause(ctx)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	case errors.Is(err, os.ErrDeadlineExceeded): // a moment before ctx
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	case err != nil:
		return err
	}
	return conn.SetDeadline(time.Time{})
}
