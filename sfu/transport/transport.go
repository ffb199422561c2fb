package transport

import (
	"errors"

	"github.com/fjord-media/fjord/sfu/rtp"
	"github.com/fjord-media/fjord/sfu/srtp"
)

// Errors of transports.
var (
	ErrClosed      = errors.New("transport closed")
	ErrFingerprint = errors.New("certificate does not match the fingerprint")
	ErrHandshake   = errors.New("DTLS handshake")
	ErrNotReady    = errors.New("no keys yet")
	ErrRemote      = errors.New("ICE or DTLS parameters missing in the offer")
)

// Transport is the connection to one client: what negotiation and forwarding
// see of ICE, DTLS, SRTP and sockets.
type Transport interface {
	// Answer begins a new generation of ICE credentials: the parameters of an
	// offer in, those of the answer out. The connection goes on undisturbed
	// when it exists already. Errors wrap ErrRemote.
	Answer(Remote) (Local, error)
	// Sealer protects what is sent; nil until the handler's Ready.
	Sealer() *srtp.Sealer
	// Route is where media goes at the moment, nil: nowhere. It changes when
	// the client nominates another path.
	Route() *Route
	// Transmit sends what a batch holds. Nothing blocks; what the socket does
	// not take is lost, as on any network.
	Transmit(*Batch)
	// SendRTCP protects and sends a compound packet. Errors: ErrNotReady.
	SendRTCP(packet []byte) error
	// Silence is how long nothing authentic has come from the client, in
	// nanoseconds.
	Silence() int64
	// Close ends the connection without waiting.
	Close()
}

// Remote is what an offer says about the client's transport.
type Remote struct {
	Fragment, Password string // ICE credentials
	Fingerprint        string // "sha-256 AA:BB:…"
}

// Local is what the answer says about ours.
type Local struct {
	Fragment, Password string
	Fingerprint        string // "sha-256 AA:BB:…"
	Candidate          string // the only one, without "a=": a host candidate
	Generation         int    // from 1
}

// Handler takes what arrives over a transport. RTP, RTCP and Tick are called
// on the connection's media goroutine; none may block.
type Handler interface {
	// Ready says that DTLS is done: media can be sent and received.
	Ready()
	// Confirmed says that the client has nominated a path with the credentials
	// of a generation. It is called once per generation.
	Confirmed(generation int)
	// RTP takes decrypted packets with parsed headers. The handler retains
	// those it keeps.
	RTP(batch []*rtp.Packet)
	// RTCP takes a decrypted compound packet and the time of its arrival.
	RTCP(packet []byte, arrival int64)
	// Tick comes about twenty times a second, with the monotonic time.
	Tick(now int64)
	// Failed says that the connection is lost for good. Nothing follows.
	Failed(err error)
}
