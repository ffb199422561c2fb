// Package sfupeer is a client for tests of the media plane: a Pion
// RTCPeerConnection that speaks the media events as the published SDKs do. It
// sends synthetic frames, and checks what it receives packet by packet.
package sfupeer
