package node

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// material is what the files held when they were read.
type material struct {
	own         tls.Certificate
	authorities *x509.CertPool // nil when there is no such file
}

// stamp tells one state of the files from another.
type stamp [3]struct {
	modified time.Time
	size     int64
}

// certificates reads files and knows when to read them again.
type certificates struct {
	options TLSOptions
	log     *slog.Logger

	mu   sync.Mutex
	seen stamp // of the last try to read
	good *material
}

func loadCertificates(o TLSOptions, log *slog.Logger) (*certificates, error) {
	c := &certificates{options: o, log: log, seen: stampOf(o)}
	var err error
	c.good, err = c.read()
	return c, err
}

// current is the newest good state of the files. Files that cannot be used,
// such as a certificate whose key has not been written yet, change nothing.
func (c *certificates) current() *material {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := stampOf(c.options)
	if now == c.seen {
		return c.good
	}
	c.seen = now
	m, err := c.read()
	if err != nil {
		c.log.Warn("changed TLS certificates are not used", "certificate", c.options.CertFile, "error", err)
		return c.good
	}
	c.log.Info("TLS certificates read again", "certificate", c.options.CertFile, "serial", serialOf(m), "until", m.own.Leaf.NotAfter)
	c.good = m
	return m
}

func serialOf(m *material) string { return m.own.Leaf.SerialNumber.String() }

func (c *certificates) read() (*material, error) {
	own, err := tls.LoadX509KeyPair(c.options.CertFile, c.options.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate %s and key %s: %w", c.options.CertFile, c.options.KeyFile, err)
	}
	if own.Leaf == nil { // GODEBUG=x509keypairleaf=0
		if own.Leaf, err = x509.ParseCertificate(own.Certificate[0]); err != nil {
			return nil, fmt.Errorf("certificate %s: %w", c.options.CertFile, err)
		}
	}
	m := &material{own: own}
	if c.options.CACertFile == "" {
		return m, nil
	}
	data, err := os.ReadFile(c.options.CACertFile)
	if err != nil {
		return nil, fmt.Errorf("authorities' certificates: %w", err)
	}
	m.authorities = x509.NewCertPool()
	if !m.authorities.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("authorities' certificates %s: no certificate in it", c.options.CACertFile)
	}
	return m, nil
}

// stampOf looks at the files; a missing one has the zero stamp.
func stampOf(o TLSOptions) stamp {
	var s stamp
	for i, path := range []string{o.CertFile, o.KeyFile, o.CACertFile} {
		if info, err := os.Stat(path); err == nil {
			s[i].modified, s[i].size = info.ModTime(), info.Size()
		}
	}
	return s
}
