package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"
)

// pair is a certificate and its key in PEM.
func pair(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

// withFiles is the test's machine with a certificate, its key and one that
// fits neither.
func withFiles(t *testing.T, e env) System {
	cert, key := pair(t)
	_, other := pair(t)
	files := map[string][]byte{"/cert": cert, "/key": key, "/other": other}
	sys := testSystem(e)
	sys.ReadFile = func(path string) ([]byte, error) {
		if data, ok := files[path]; ok {
			return data, nil
		}
		return nil, fmt.Errorf("open %s: %w", path, os.ErrNotExist)
	}
	return sys
}

func TestDistTLSFiles(t *testing.T) {
	full := env{"FJ_DIST_TLS_CERT": "/cert", "FJ_DIST_TLS_KEY": "/key", "FJ_DIST_TLS_CACERT": "/cert"}
	but := func(change env) env {
		e := on(env{})
		for _, from := range []env{full, change} {
			for name, value := range from {
				e[name] = value
			}
		}
		return e
	}
	for _, tc := range []struct {
		env  env
		want string // the beginning of the only problem; empty: none
	}{
		{but(nil), ""},
		{but(env{"FJ_DIST_TLS_VERIFY": "chain"}), ""},
		{but(env{"FJ_DIST_TLS_VERIFY": "none", "FJ_DIST_TLS_CACERT": ""}), ""},
		{but(env{"FJ_DIST_TLS_CACERT": ""}), "FJ_DIST_TLS_CACERT: Without the authorities' certificates no node can be verified."},
		{but(env{"FJ_DIST_TLS_CACERT": "/none"}), "FJ_DIST_TLS_CACERT: The file cannot be read: open /none: file does not exist."},
		{but(env{"FJ_DIST_TLS_CACERT": "/key"}), "FJ_DIST_TLS_CACERT: There is no certificate in the file."},
		{but(env{"FJ_DIST_TLS_KEY": "/other"}), "FJ_DIST_TLS_CERT: Certificate and private key cannot be used: tls: private key does not match public key."},
		{but(env{"FJ_DIST_TLS_KEY": "/none"}), "FJ_DIST_TLS_KEY: The private key cannot be read: open /none: file does not exist."},
		{but(env{"FJ_DIST_TLS_KEY": ""}), "FJ_DIST_TLS_KEY: FJ_DIST_TLS_CERT has been set but FJ_DIST_TLS_KEY remains unset"},
		{but(env{"FJ_DIST_TLS_VERIFY": "yes"}), "FJ_DIST_TLS_VERIFY: Expected peer, chain or none, got: yes"},
		{on(env{"FJ_DIST_TLS_CACERT": "/cert"}), "FJ_DIST_TLS_CACERT: FJ_DIST_TLS_CACERT has been set but FJ_DIST_TLS_CERT and FJ_DIST_TLS_KEY remain unset."},
	} {
		c, _, err := Load(withFiles(t, tc.env), nil)
		if tc.want == "" {
			if err != nil || !c.Dist.TLS.Used() || c.Dist.TLS.Verify == "" {
				t.Errorf("%v: %+v, %v", tc.env, c.Dist.TLS, err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v:\n got %v\nwant %s", tc.env, err, tc.want)
		}
	}
}

func TestTurnTLSFiles(t *testing.T) {
	for _, tc := range []struct {
		env  env
		cert string
		want string
	}{
		{env{"FJ_WEBRTC_TURN_TLS_PORT": "5349", "FJ_SSL_CERT_PATH": "/cert", "FJ_SSL_KEY_PATH": "/key"}, "/cert", ""},
		{env{"FJ_WEBRTC_TURN_TLS_PORT": "5349", "FJ_WEBRTC_TURN_TLS_CERT_PATH": "/cert", "FJ_WEBRTC_TURN_TLS_KEY_PATH": "/key", "FJ_WEBRTC_TURN_TLS_ADVERTISE": "true"}, "/cert", ""},
		{env{"FJ_WEBRTC_TURN_TLS_PORT": "5349"}, "", "FJ_WEBRTC_TURN_TLS_PORT: The TLS port needs a certificate."},
		{env{"FJ_WEBRTC_TURN_TLS_PORT": "5349", "FJ_WEBRTC_TURN_TLS_KEY_PATH": "/key"}, "", "FJ_WEBRTC_TURN_TLS_CERT_PATH: FJ_WEBRTC_TURN_TLS_CERT_PATH and"},
		{env{"FJ_WEBRTC_TURN_TLS_ADVERTISE": "true"}, "", "FJ_WEBRTC_TURN_TLS_ADVERTISE: There is no TLS port"},
	} {
		c, _, err := Load(withFiles(t, tc.env), nil)
		if tc.want == "" && (err != nil || c.WebRTC.TurnTLSCertPath != tc.cert) || tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)) {
			t.Errorf("%v: %+v, %v", tc.env, c.WebRTC, err)
		}
	}
}
