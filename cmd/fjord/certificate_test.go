package main

import (
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

func TestCertificateIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "cert"), filepath.Join(dir, "key")}
	if _, err := newCertificate("FJ_SSL_CERT_PATH", paths[0], paths[1], slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no files and no error")
	}
	testkit.WriteCertificate(t, paths[0], paths[1], 1)
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
	testkit.WriteCertificate(t, paths[0], paths[1], 2)
	if serial(false) != 1 || serial(true) != 2 || serial(true) != 2 {
		t.Error("the new pair was not taken, or too early")
	}
	if err := os.WriteFile(paths[0], []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	if serial(true) != 2 {
		t.Error("the old pair is gone")
	}
	testkit.WriteCertificate(t, paths[0], paths[1], 3)
	if serial(true) != 3 {
		t.Error("the next pair was not taken")
	}
}
