// Package sfupeer is a client for tests of the media plane: a Pion
// RTCPeerConnection that speaks the media events as the published SDKs do.
package sfupeer

import (
	"github.com/pion/webrtc/v4"
)

// Client is one peer.
type Client struct {
	pc *webrtc.PeerConnection
}
