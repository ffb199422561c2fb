package node

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/fjord-media/fjord/epmd"
)

// minCreation is the least creation of nodes since OTP 23.
const minCreation = 4

// register makes sure that there is an EPMD, registers with it, and returns the
// creation it gave. Without EPMD the creation is a random number.
func (n *Node) register(ctx context.Context, addrs []netip.Addr) (creation uint32, err error) {
	n.epmd = &epmd.Client{Port: uint16(n.opts.EPMDPort), Logger: n.log}
	if n.opts.EPMD == EPMDOff {
		return randomCreation(), nil
	}
	_, err = epmd.Ensure(ctx, n.group, epmd.EnsureOptions{
		Mode:    epmd.Mode(n.opts.EPMD),
		Port:    uint16(n.opts.EPMDPort),
		Address: epmdAddress(n.opts.EPMDAddress, addrs),
		Logger:  n.log,
	})
	if err != nil {
		return 0, err
	}
	n.keeper, err = epmd.Keep(n.group, n.epmd, epmd.Registration{
		Name:   n.name.Alive,
		Port:   uint16(n.port),
		Hidden: n.opts.Hidden,
	}, n.log)
	switch {
	case errors.Is(err, epmd.ErrNameTaken):
		return 0, as(fmt.Errorf("another node named %s runs on this host: %w", n.name.Alive, ErrNameTaken), err)
	case err != nil:
		return 0, err
	}
	return n.keeper.Creation(), nil
}

// Registered says whether EPMD holds the node's name now. It is true without
// EPMD.
func (n *Node) Registered() bool { return n.keeper == nil || n.keeper.Registered() }

// epmdAddress is where an EPMD that we start listens: where the node does, so
// that a node on loopback opens nothing to the network.
func epmdAddress(given string, addrs []netip.Addr) string {
	if given != "" || len(addrs) == 0 {
		return given
	}
	return addrs[0].String() // EPMD adds 127.0.0.1 and ::1
}

func randomCreation() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return max(binary.BigEndian.Uint32(b[:]), minCreation)
}
