// Package sfu is the media plane: it receives the tracks that the endpoints of
// a room publish and forwards them to the others. It knows tracks and packets,
// no REST, no actors, no cluster.
//
// An Engine owns the node's media socket. A Room is a set of endpoints; what
// one of them publishes, all others are told about and may subscribe to. A
// Peer is an endpoint behind a browser's RTCPeerConnection; every other kind
// of endpoint implements the Endpoint interface and joins with AddEndpoint.
//
// Three kinds of goroutines work here. Signalling: one per peer, which runs
// everything about negotiation in arrival order. Media: one per peer, which
// decrypts what the peer sent, and protects and sends it to every subscriber.
// Sockets: one reader per socket, which only sorts datagrams. The media
// goroutines take no lock that is held across a send, log nothing per packet
// and allocate nothing per packet.
package sfu
