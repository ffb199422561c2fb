package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fjord-media/fjord/config"
	"github.com/fjord-media/fjord/node"
)

// toolArgs are the arguments of a tool that talks to a node: first flags, then
// words.
type toolArgs struct {
	flags   []string
	words   []string
	timeout time.Duration // --timeout=5s, or a number of seconds
}

// splitTool takes the arguments of a tool apart. --timeout is the tool's own
// flag, all others are the configuration's.
func splitTool(args []string) (toolArgs, error) {
	a := toolArgs{timeout: toolTimeout}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		name, value, _ := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
		if name != "timeout" {
			a.flags = append(a.flags, args[0])
		} else if err := a.setTimeout(value); err != nil {
			return a, err
		}
		args = args[1:]
	}
	a.words = args
	return a, nil
}

func (a *toolArgs) setTimeout(text string) error {
	d, err := time.ParseDuration(text)
	if seconds, notSeconds := strconv.ParseUint(text, 10, 31); notSeconds == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || d <= 0 {
		return fmt.Errorf("--timeout=%s: want a positive time such as 5s or 500ms", text)
	}
	a.timeout = d
	return nil
}

// withTool calls f with a node of a moment, through which a tool talks to
// target. The node is hidden and nobody calls it back, so that the cluster does
// not notice it; its name is of target's kind, short or long.
func withTool(ctx context.Context, cfg config.Config, tool, target string, f func(n *node.Node) error) error {
	_, host, found := strings.Cut(target, "@")
	if !found {
		return fmt.Errorf("%q is not a node name: give it as name@host", target)
	}
	long := isLong(host) || cfg.Dist.LongNames
	n, err := node.Start(ctx, node.Options{
		Name:        uniqueAlive(tool) + "@" + ownHost(ctx, cfg, host, long),
		LongNames:   long,
		Cookie:      string(cfg.Dist.Cookie),
		Hidden:      true,
		TLS:         distTLS(cfg.Dist),
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
		_ = n.Stop(stop) // the program ends anyway
	}()
	return f(n)
}

// uniqueAlive is the part of a tool's node name before the host. EPMD may still
// hold that of a process that has just ended.
func uniqueAlive(tool string) string {
	return fmt.Sprintf("fjord_%s_%d_%04x", tool, os.Getpid(), rand.IntN(1<<16))
}

// isLong says whether a host part is that of a long name.
func isLong(host string) bool { return strings.ContainsAny(host, ".:") }

// ownHost is the host part of our name: that of the configured node if it is of
// the right kind, else, for a target with a long name, our address on the way
// to it.
func ownHost(ctx context.Context, cfg config.Config, host string, long bool) string {
	if _, own, found := strings.Cut(cfg.Dist.NodeName, "@"); found && cfg.Dist.NodeNameSet && isLong(own) == long {
		return own
	}
	if !long {
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
