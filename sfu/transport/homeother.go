//go:build !linux

package transport

import (
	"errors"
	"net"
	"net/netip"
)

// askHome is for Linux; elsewhere answers leave as the routes prefer.
func askHome(*net.UDPConn) error { return errors.ErrUnsupported }

func homeOf([]byte) (netip.Addr, bool) { return netip.Addr{}, false }

func homeControl(netip.Addr, []byte) []byte { return nil }
