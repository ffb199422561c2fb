package node

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"github.com/fjord-media/fjord/node/dist"
)

// Errors of links over TLS.
var (
	// ErrTLSMismatch: one side speaks TLS, the other does not.
	ErrTLSMismatch = errors.New("one node speaks TLS and the other does not")
	// ErrCertificate: the peer's certificate is missing, of an unknown
	// authority, out of date, or not for the host that was dialled.
	ErrCertificate = errors.New("the peer's certificate is not accepted")
	// ErrCertificateRefused: the peer does not accept our certificate.
	ErrCertificateRefused = errors.New("the peer does not accept this node's certificate")
	// ErrTLS: the TLS handshake failed otherwise.
	ErrTLS = errors.New("the TLS handshake failed")
)

// tlsError translates a failed TLS handshake, on either side.
func tlsError(err error) error {
	var plain tls.RecordHeaderError
	var unverified *tls.CertificateVerificationError
	switch {
	case errors.As(err, &plain):
		if dist.LooksLikeHandshake(plain.RecordHeader[:]) {
			return as(ErrTLSMismatch, err)
		}
		return as(ErrTLS, err)
	case errors.As(err, &unverified), strings.Contains(err.Error(), "didn't provide a certificate"):
		return as(ErrCertificate, err)
	case certificateRefused(err):
		return as(ErrCertificateRefused, err)
	case isTimeout(err):
		// What a plain BEAM node makes of a TLS greeting is a message it waits
		// the rest of.
		return as(ErrDialTimeout, as(errors.New("no TLS answer: the peer may not speak TLS"), err))
	case isClosed(err):
		return as(ErrClosedByPeer, as(errors.New("no TLS answer: the peer may not speak TLS"), err))
	}
	return as(ErrTLS, err)
}

// certificateRefused says whether err is a peer's alert about our certificate.
// With TLS 1.3 it arrives after our side of the handshake.
func certificateRefused(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return false
	}
	text := op.Err.Error()
	for _, word := range []string{"certificate", "access denied"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
