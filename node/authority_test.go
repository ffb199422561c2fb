package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// leaf is what a certificate says.
type leaf struct {
	serial int64
	hosts  []string // names and addresses; default: localhost, 127.0.0.1, ::1
	until  time.Time
	use    []x509.ExtKeyUsage
}

// issue writes a certificate, its key and the authority's certificate to dir.
func (a *authority) issue(t testing.TB, dir string, l leaf) *TLSOptions {
	t.Helper()
	key := newKey(t)
	if l.hosts == nil {
		l.hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	if l.until.IsZero() {
		l.until = time.Now().Add(time.Hour)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(max(l.serial, 2)), NotAfter: l.until, ExtKeyUsage: l.use,
		Subject: pkix.Name{CommonName: "node"}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	for _, host := range l.hosts {
		if addr, err := netip.ParseAddr(host); err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		}
		// An address too: BEAM nodes look for the host part as a DNS name,
		// whatever it is.
		template.DNSNames = append(template.DNSNames, host)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	o := &TLSOptions{CertFile: filepath.Join(dir, "node.pem"), KeyFile: filepath.Join(dir, "node.key"), CACertFile: filepath.Join(dir, "ca.pem")}
	writePEM(t, o.CertFile, "CERTIFICATE", der)
	writePEM(t, o.KeyFile, "PRIVATE KEY", keyDER)
	writePEM(t, o.CACertFile, "CERTIFICATE", a.cert.Raw)
	return o
}

// writePEM replaces a file at once, as who renews certificates should.
func writePEM(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// withTLS is an option of lab.start.
func withTLS(o *TLSOptions) func(*Options) { return func(opts *Options) { opts.TLS = o } }
