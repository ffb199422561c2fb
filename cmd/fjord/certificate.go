package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateEvery is how often the files of a certificate are looked at, at
// most: when somebody connects.
const certificateEvery = 2 * time.Second

// certificate serves the key pair of two files, and a new one when they
// change: no restart is needed when a certificate is renewed.
type certificate struct {
	certPath, keyPath string
	variable          string // that names certPath, for the log
	log               *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   string    // of the files that pair was read from
	checked time.Time // when they were looked at last
}

// newCertificate reads the files; variable is the one that names certPath.
func newCertificate(variable, certPath, keyPath string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certPath: certPath, keyPath: keyPath, variable: variable, log: log}
	c.stamp = c.fileStamp()
	pair, err := tls.LoadX509KeyPair(certPath, keyPath)
	if err != nil {
		return nil, fmt.Errorf("load certificate: %w", err)
	}
	c.pair, c.checked = &pair, time.Now()
	return c, nil
}

// config is TLS 1.2 and later with what Go holds to be safe.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// get keeps the old pair while the new one cannot be used, for instance
// because only one of the files was written yet.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.checked) < certificateEvery {
		return c.pair, nil
	}
	c.checked = time.Now()
	stamp := c.fileStamp()
	if stamp == c.stamp {
		return c.pair, nil
	}
	pair, err := tls.LoadX509KeyPair(c.certPath, c.keyPath)
	if err != nil {
		c.log.Error("The new certificate of "+c.variable+" cannot be used; the old one stays", "error", err)
		return c.pair, nil
	}
	c.log.Info("Using the new certificate of " + c.variable)
	c.pair, c.stamp = &pair, stamp
	return c.pair, nil
}

// fileStamp changes when one of the files does.
func (c *certificate) fileStamp() string {
	stamp := ""
	for _, path := range []string{c.certPath, c.keyPath} {
		if info, err := os.Stat(path); err == nil {
			stamp += fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size(), " ")
		}
	}
	return stamp
}
