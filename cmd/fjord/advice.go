package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/fjord-media/fjord/sfu/transport"
)

// advise adds to the error of a socket that cannot be bound which variable to
// change: port is that of its port, ip that of its address.
func advise(err error, port, ip string) error {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: set %s to an address of this machine", err, ip)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w: set %s to a port above 1023, or let the program bind lower ones", err, port)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w: set %s to a free port", err, port)
	}
	return err
}

// adviseMedia does so for the sockets of the media plane.
func adviseMedia(err error) error {
	port := "FJ_WEBRTC_TURN_TCP_PORT or FJ_WEBRTC_TURN_TLS_PORT"
	if errors.Is(err, transport.ErrNoPort) {
		port = "FJ_WEBRTC_TURN_PORT_RANGE"
	}
	return advise(err, port, "FJ_WEBRTC_TURN_LISTEN_IP")
}
