package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/global"
	"github.com/fjord-media/fjord/node/pg"
	"github.com/fjord-media/fjord/node/pubsub"
)

// Pauses between two attempts to reach a node of the list; they double.
const (
	firstPause = time.Second
	lastPause  = 8 * time.Second
)

// cluster is the node, and what it shares with the others.
type cluster struct {
	node   *node.Node
	global *global.Server
	scope  *pg.Scope
	pubsub *pubsub.PubSub

	cancel context.CancelFunc // ends the dialling
	dials  sync.WaitGroup
}

// join starts the node and waits for the listed nodes; absent ones are dialled
// again for as long as the program runs.
func join(ctx context.Context, o options) (*cluster, error) {
	_, host, _ := strings.Cut(o.node, "@")
	n, err := node.Start(ctx, node.Options{
		Name: o.node, LongNames: strings.ContainsAny(host, ".:"), Cookie: o.cookie,
		EPMD: o.mapper, EPMDPort: o.epmd, Logger: o.log,
	})
	if err != nil {
		return nil, err
	}
	c := &cluster{node: n}
	dialling, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	err = c.start(o)
	if err == nil {
		err = c.meet(ctx, o)
	}
	if err != nil {
		return nil, errors.Join(err, c.leave())
	}
	for _, name := range o.nodes {
		if name != n.Name() {
			c.dials.Go(func() { c.keepDialling(dialling, name) })
		}
	}
	return c, nil
}

// start starts global right after the node, links come last.
func (c *cluster) start(o options) (err error) {
	if c.global, err = global.Start(c.node, global.Options{Logger: o.log}); err != nil {
		return err
	}
	if c.scope, err = pg.Start(c.node, pubsub.Scope, pg.WithLogger(o.log)); err != nil {
		return err
	}
	c.pubsub, err = pubsub.Start(c.scope, pubsub.Options{Name: o.pubsub, Logger: o.log})
	return err
}

// meet waits for the listed nodes. Only a name that can never be reached is an
// error.
func (c *cluster) meet(ctx context.Context, o options) error {
	if len(o.nodes) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	err := c.node.WaitFor(ctx, o.nodes...)
	if errors.Is(err, node.ErrBadName) || errors.Is(err, node.ErrNameKind) {
		return fmt.Errorf("list of nodes: %w", err)
	}
	if err != nil {
		o.log.Warn("Some nodes are absent", "error", err)
	}
	return nil
}

// keepDialling makes the link to a node whenever there is none. A node that asked
// us to leave it (see package global) is left alone for a pause.
func (c *cluster) keepDialling(ctx context.Context, name string) {
	for pause := firstPause; ; {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		if _, err := c.node.Connect(ctx, name); err != nil {
			pause = min(2*pause, lastPause)
		} else {
			pause = firstPause
		}
	}
}

// leave stops everything, the node last.
func (c *cluster) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	c.cancel()
	c.dials.Wait()
	var errs []error
	if c.pubsub != nil {
		errs = append(errs, c.pubsub.Stop(ctx))
	}
	if c.scope != nil {
		errs = append(errs, c.scope.Stop(ctx))
	}
	if c.global != nil {
		errs = append(errs, c.global.Stop(ctx))
	}
	return errors.Join(append(errs, c.node.Stop(ctx))...)
}
