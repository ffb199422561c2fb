package config

import (
	"crypto/tls"
	"fmt"
)

// finishTLS checks that key and certificate of HTTPS are there and belong
// together.
func finishTLS(r *reader) {
	key, cert := r.seen["FJ_SSL_KEY_PATH"], r.seen["FJ_SSL_CERT_PATH"]
	switch {
	case key.rank == rankUnset && cert.rank == rankUnset:
		return
	case key.rank == rankUnset:
		r.problem("FJ_SSL_KEY_PATH", "FJ_SSL_CERT_PATH has been set but FJ_SSL_KEY_PATH remains unset", "set both or neither")
		return
	case cert.rank == rankUnset:
		r.problem("FJ_SSL_CERT_PATH", "FJ_SSL_KEY_PATH has been set but FJ_SSL_CERT_PATH remains unset", "set both or neither")
		return
	}
	r.keyPair(cert, key)
}

// keyPair checks that two files hold a certificate and its private key.
func (r *reader) keyPair(cert, key value) {
	keyPEM, keyErr := r.sys.ReadFile(key.text)
	if keyErr != nil {
		r.problem(key.name, fmt.Sprintf("The private key cannot be read: %v.", keyErr), "let %s name a readable PEM file", key.name)
	}
	certPEM, certErr := r.sys.ReadFile(cert.text)
	if certErr != nil {
		r.problem(cert.name, fmt.Sprintf("The certificate cannot be read: %v.", certErr), "let %s name a readable PEM file", cert.name)
	}
	if keyErr != nil || certErr != nil {
		return
	}
	if _, err := tls.X509KeyPair(certPEM, keyPEM); err != nil {
		r.problem(cert.name, fmt.Sprintf("Certificate and private key cannot be used: %v.", err),
			"let %s and %s name a PEM certificate and its private key", cert.name, key.name)
	}
}
