package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/node"
)

// epmdDialLimit bounds one question to an address of this machine.
const epmdDialLimit = time.Second

// warnOfEPMD: an EPMD that a node on loopback has started outlives that node, and
// serves loopback only. Other machines would be told "connection refused".
func warnOfEPMD(ctx context.Context, d config.Dist, n *node.Node, log *slog.Logger) {
	if d.EPMD == node.EPMDOff || n.OnLoopback() || !refusedAtAll(ctx, ownAddresses(), d.EPMDPort) {
		return
	}
	log.Warn("the EPMD of this machine answers on loopback only, so other machines do not find this node: "+
		"stop the nodes of this machine, end EPMD (fjord epmd -kill), and start them again", "port", d.EPMDPort)
}

// ownAddresses are those of this machine that others can reach.
func ownAddresses() []netip.Addr {
	var list []netip.Addr
	all, _ := net.InterfaceAddrs() // without any there is nothing to warn of
	for _, a := range all {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Addr().IsGlobalUnicast() {
			list = append(list, prefix.Addr())
		}
	}
	return list
}

// refusedAtAll says whether there are addresses and a port is closed at each.
func refusedAtAll(ctx context.Context, addrs []netip.Addr, port int) bool {
	dialer := net.Dialer{Timeout: epmdDialLimit}
	for _, addr := range addrs {
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(addr.String(), strconv.Itoa(port)))
		if err == nil {
			_ = conn.Close()
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return false // it answers, or nothing is known
		}
	}
	return len(addrs) > 0
}
