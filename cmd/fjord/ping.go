package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/node"
)

// runPing is net_adm:ping/1 for operators without Erlang: a hidden node of a
// moment connects with the configured cookie and name mode.
func runPing(c call) int {
	if len(c.args) == 0 || strings.HasPrefix(c.args[len(c.args)-1], "-") {
		_, _ = fmt.Fprintln(c.stderr, "Usage: fjord ping [flags] NODE")
		return exitUsage
	}
	last := len(c.args) - 1
	target := c.args[last]
	cfg, _, status, ok := load(c, "ping", c.args[:last])
	if !ok {
		return status
	}
	if err := ping(cfg, target); err != nil {
		_, _ = fmt.Fprintf(c.stdout, "pang\n")
		_, _ = fmt.Fprintln(c.stderr, "fjord ping:", err)
		return exitFailure
	}
	_, _ = fmt.Fprintln(c.stdout, "pong")
	return exitOK
}

func ping(cfg config.Config, target string) error {
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()
	_, host, found := strings.Cut(target, "@")
	if !found {
		return fmt.Errorf("%q is not a node name: give it as name@host", target)
	}
	n, err := node.Start(ctx, node.Options{
		Name:        "fjord_ping_" + strconv.Itoa(os.Getpid()) + "@" + ownHost(ctx, cfg, host),
		LongNames:   cfg.Dist.LongNames || strings.Contains(host, "."),
		Cookie:      string(cfg.Dist.Cookie),
		Hidden:      true,
		ListenIP:    "127.0.0.1", // nobody is to call back
		EPMD:        node.EPMDEmbedded,
		EPMDPort:    cfg.Dist.EPMDPort,
		EPMDAddress: "127.0.0.1",
	})
	if err != nil {
		return err
	}
	defer func() {
		stop, release := context.WithTimeout(context.Background(), toolTimeout)
		defer release()
		_ = n.Stop(stop)
	}()
	return n.Ping(ctx, target)
}

// ownHost is the host part of our name: that of the configured node, else, for
// a target with a long name, our address on the way to it.
func ownHost(ctx context.Context, cfg config.Config, host string) string {
	if _, own, found := strings.Cut(cfg.Dist.NodeName, "@"); found && cfg.Dist.NodeNameSet {
		return own
	}
	if !strings.ContainsAny(host, ".:") {
		return "localhost"
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", net.JoinHostPort(host, strconv.Itoa(cfg.Dist.EPMDPort))) // sends nothing
	if err != nil {
		return "127.0.0.1"
	}
	defer func() { _ = conn.Close() }()
	if addr, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		return addr.IP.String()
	}
	return "127.0.0.1"
}
