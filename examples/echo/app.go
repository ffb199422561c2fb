package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/node/global"
	"github.com/fjord-media/fjord/node/pg"
)

// stopTime bounds the end of the program.
const stopTime = 5 * time.Second

// app is the node and what runs on it.
type app struct {
	node    *node.Node
	global  *global.Server
	scope   *pg.Scope
	counter *counter

	ctx    context.Context // ends when the app is stopped
	cancel context.CancelFunc
	tasks  sync.WaitGroup
}

// start starts everything, in the order in which a cluster expects it: global
// right after the node, links last.
func start(ctx context.Context, o options) (*app, error) {
	_, host, _ := strings.Cut(o.name, "@")
	n, err := node.Start(ctx, node.Options{
		Name: o.name, LongNames: strings.ContainsAny(host, ".:"), Cookie: o.cookie, EPMDPort: o.epmd,
		NetTickTime: o.ticktime, Logger: o.log,
	})
	if err != nil {
		return nil, err
	}
	a := &app{node: n}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	err = a.serve(o)
	if err == nil {
		err = a.meet(ctx, o)
	}
	if err != nil {
		return nil, errors.Join(err, a.stop())
	}
	for _, name := range o.nodes {
		if name != n.Name() {
			a.tasks.Go(func() { a.keepDialling(a.ctx, name) })
		}
	}
	return a, nil
}

// serve starts what others can reach.
func (a *app) serve(o options) (err error) {
	if a.global, err = global.Start(a.node, global.Options{Logger: o.log}); err != nil {
		return err
	}
	if a.scope, err = pg.Start(a.node, o.scope, pg.WithLogger(o.log)); err != nil {
		return err
	}
	if a.counter, err = startCounter(a.node); err != nil {
		return err
	}
	a.handleFunctions()
	ready := make(chan struct{})
	a.tasks.Go(func() { a.supervise(ready) })
	<-ready
	return nil
}

// meet waits for the named nodes and for their global names, as a BEAM node does
// for its sync_nodes_optional: it goes on without those that do not come.
func (a *app) meet(ctx context.Context, o options) error {
	ctx, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	err := a.node.WaitFor(ctx, o.nodes...)
	if errors.Is(err, node.ErrLeaving) || errors.Is(err, node.ErrBadName) || errors.Is(err, node.ErrNameKind) {
		return err
	}
	if err != nil {
		o.log.Warn("Some nodes did not come", "error", err)
	}
	if err := a.global.Sync(ctx); err != nil {
		o.log.Warn("Global names are not in sync yet", "error", err)
	}
	return nil
}

// stop leaves the cluster.
func (a *app) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	a.cancel()
	a.tasks.Wait()
	var errs []error
	if a.scope != nil {
		errs = append(errs, a.scope.Stop(ctx))
	}
	if a.global != nil {
		errs = append(errs, a.global.Stop(ctx))
	}
	return errors.Join(append(errs, a.node.Stop(ctx))...)
}

// supervise keeps the server running, as an OTP supervisor would: whenever it
// has ended it is started anew. ready is closed when it runs for the first time.
func (a *app) supervise(ready chan struct{}) {
	for first := true; a.ctx.Err() == nil; first = false {
		s, err := startServer(a)
		if err != nil { // the name is taken, or the node ends
			select {
			case <-time.After(50 * time.Millisecond):
			case <-a.ctx.Done():
			}
		}
		if first {
			close(ready)
		}
		if err == nil {
			s.serve(a.ctx)
		}
	}
}

// publish makes a process known: in the pg group echo, and under the global
// name {echo, Node}.
func (a *app) publish(pid etf.Pid) {
	_ = a.scope.Join(etf.Atom("echo"), pid) // it fails for a process that has ended
	a.tasks.Go(func() {
		// A name that cannot be had now is had at the next start of the server.
		_ = a.global.ReRegister(a.ctx, globalName(a.node.Name()), pid, global.RandomExit)
	})
}

// globalName is {echo, Node}, which no two nodes want.
func globalName(nodeName string) etf.Term {
	return etf.Tuple{etf.Atom("echo"), etf.Atom(nodeName)}
}
