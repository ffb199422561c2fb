package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func writePair(t *testing.T, dir string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: cert}, "key": {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCertificateIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "cert"), filepath.Join(dir, "key")}
	if _, err := newCertificate("FJ_SSL_CERT_PATH", paths[0], paths[1], slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no files and no error")
	}
	writePair(t, dir, 1)
	c, err := newCertificate("FJ_SSL_CERT_PATH", paths[0], paths[1], slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	serial := func(lookAgain bool) int64 {
		if lookAgain {
			c.checked = time.Time{}
		}
		pair, err := c.config().GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.SerialNumber.Int64()
	}
	writePair(t, dir, 2)
	if serial(false) != 1 || serial(true) != 2 || serial(true) != 2 {
		t.Error("the new pair was not taken, or too early")
	}
	if err := os.WriteFile(paths[0], []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	if serial(true) != 2 {
		t.Error("the old pair is gone")
	}
	writePair(t, dir, 3)
	if serial(true) != 3 {
		t.Error("the next pair was not taken")
	}
}
