package transport

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	psrtp "github.com/pion/srtp/v3"
	"github.com/pion/transport/v4/deadline"

	"github.com/fjord-media/fjord/sfu/srtp"
)

const (
	handshakeLimit = 20 * time.Second
	dtlsQueue      = 64
	dtlsMTU        = 1200
)

// newCertificate makes the node's certificate: ECDSA, P-256.
func newCertificate() (tls.Certificate, string, error) {
	cert, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return cert, "", fmt.Errorf("certificate: %w", err)
	}
	print, err := fingerprintOf(cert.Certificate[0])
	return cert, "sha-256 " + print, err
}

func fingerprintOf(der []byte) (string, error) {
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return "", fmt.Errorf("certificate: %w", err)
	}
	print, err := fingerprint.Fingerprint(parsed, crypto.SHA256)
	return strings.ToUpper(print), err
}

// dtlsEnd is the packet connection that Pion's DTLS sees.
type dtlsEnd struct {
	session *Session
	in      chan []byte
	done    chan struct{}
	once    sync.Once
	limit   *deadline.Deadline

	mu    sync.Mutex
	print string // the client's fingerprint, "AA:BB:…"
}

func newDTLSEnd(c *Session) *dtlsEnd {
	return &dtlsEnd{session: c, in: make(chan []byte, dtlsQueue), done: make(chan struct{}), limit: deadline.New()}
}

// expect notes the fingerprint of the offer. That of a connection never
// changes.
func (d *dtlsEnd) expect(text string) error {
	hash, value, _ := strings.Cut(strings.TrimSpace(text), " ")
	if !strings.EqualFold(hash, "sha-256") || len(value) != 95 {
		return fmt.Errorf("%w: fingerprint %.80q", ErrRemote, text)
	}
	value = strings.ToUpper(value)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.print != "" && d.print != value {
		return fmt.Errorf("%w: another fingerprint than before", ErrRemote)
	}
	d.print = value
	return nil
}

func (d *dtlsEnd) push(b []byte) {
	select {
	case d.in <- append([]byte(nil), b...):
	default: // DTLS repeats
	}
}

func (d *dtlsEnd) shut() {
	d.once.Do(func() { close(d.done) })
}

// ReadFrom implements net.PacketConn.
func (d *dtlsEnd) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-d.in:
		return copy(b, p), d.LocalAddr(), nil
	case <-d.done:
		return 0, nil, net.ErrClosed
	case <-d.limit.Done():
		return 0, nil, d.limit.Err()
	}
}

// WriteTo implements net.PacketConn; the address is that of the route.
func (d *dtlsEnd) WriteTo(b []byte, _ net.Addr) (int, error) {
	if r := d.session.route.Load(); r != nil {
		r.sendControl(b)
	}
	return len(b), nil
}

// Close implements net.PacketConn.
func (d *dtlsEnd) Close() error { d.shut(); return nil }

// LocalAddr implements net.PacketConn.
func (d *dtlsEnd) LocalAddr() net.Addr { return d.session.socket.udp.LocalAddr() }

// SetDeadline implements net.PacketConn.
func (d *dtlsEnd) SetDeadline(t time.Time) error { return d.SetReadDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (d *dtlsEnd) SetReadDeadline(t time.Time) error { d.limit.Set(t); return nil }

// SetWriteDeadline implements net.PacketConn; writes never wait.
func (d *dtlsEnd) SetWriteDeadline(time.Time) error { return nil }

// verify compares the client's certificate with the offer.
func (d *dtlsEnd) verify(raw [][]byte, _ [][]*x509.Certificate) error {
	if len(raw) == 0 {
		return ErrFingerprint
	}
	print, err := fingerprintOf(raw[0])
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if print != d.print {
		return ErrFingerprint
	}
	return nil
}

// handshake runs DTLS as its server, then reads until the client closes.
func (c *Session) handshake(ctx context.Context) error {
	conn, err := c.secure(ctx)
	if err != nil {
		select {
		case <-c.done:
		default:
			c.handler.Failed(fmt.Errorf("%w: %w", ErrHandshake, err))
		}
		c.dtls.shut()
		return err
	}
	c.handler.Ready()
	defer func() { _ = conn.Close() }()
	b := make([]byte, 2048)
	for {
		if _, err := conn.Read(b); err != nil {
			select {
			case <-c.done:
			default:
				c.handler.Failed(fmt.Errorf("%w by the client", ErrClosed))
			}
			return nil
		}
	}
}

func (c *Session) secure(ctx context.Context) (*dtls.Conn, error) {
	conn, err := dtls.ServerWithOptions(c.dtls, c.socket.udp.LocalAddr(),
		dtls.WithCertificates(c.socket.cert),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		dtls.WithInsecureSkipVerify(true), // the fingerprint is what counts (RFC 8122)
		dtls.WithVerifyPeerCertificate(c.dtls.verify),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
		dtls.WithCipherSuites(dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithFlightInterval(100*time.Millisecond),
		dtls.WithInsecureSkipVerifyHello(true), // ICE has verified the address
		dtls.WithMTU(dtlsMTU))
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	if err := conn.HandshakeContext(limited); err != nil {
		_ = conn.Close()
		return nil, err
	}
	if err := c.useKeys(conn); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// useKeys derives the SRTP keys (RFC 5764 §4.2) and forgets the material.
func (c *Session) useKeys(conn *dtls.Conn) error {
	number, ok := conn.SelectedSRTPProtectionProfile()
	state, known := conn.ConnectionState()
	profile := srtp.Profile(number)
	if !ok || !known || profile.MaterialSize() == 0 {
		return srtp.ErrProfile
	}
	material, err := state.ExportKeyingMaterial(srtp.Label, nil, profile.MaterialSize())
	if err != nil {
		return err
	}
	defer clear(material)
	client, server, err := profile.Split(material)
	if err != nil {
		return err
	}
	sealer, err := srtp.NewSealer(server)
	if err != nil {
		return err
	}
	opener, err := srtp.NewOpener(client)
	if err != nil {
		return err
	}
	k := &control{}
	if k.in, err = psrtp.CreateContext(client.Key, client.Salt, psrtp.ProtectionProfile(profile), psrtp.SRTCPReplayProtection(64)); err != nil {
		return err
	}
	if k.out, err = psrtp.CreateContext(server.Key, server.Salt, psrtp.ProtectionProfile(profile)); err != nil {
		return err
	}
	c.sealer.Store(sealer)
	c.mu.Lock()
	c.opener, c.control = opener, k
	c.mu.Unlock()
	return nil
}
