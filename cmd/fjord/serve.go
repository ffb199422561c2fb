package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/cluster"
	"github.com/fjord-media/fjord/config"
	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/internal/logx"
	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/room"
)

// apiVersion is the version of Fishjam whose interface this is; /health tells
// it, because clients look at it.
const apiVersion = "0.6.3"

// stopTime bounds the end of a server: `docker stop` and Ctrl-C wait for it.
const stopTime = 2 * time.Second

// stopShare bounds each step of that: a client that hangs must not cost the
// others their last notifications.
const stopShare = stopTime / 2

// server is a running Fjord: what serve starts and stop ends, in reverse order.
type server struct {
	cfg     config.Config
	log     *logx.Logger
	main    *slog.Logger
	fronts  *fronts
	system  *actor.System
	surface *surface
	rooms   *room.Local
	node    *node.Node // nil: not distributed
	bus     *cluster.Bus
	cluster *cluster.Cluster
	drainer *drainer
	met     atomic.Bool // FJ_DIST_WAIT_FOR nodes have been linked
}

// serve runs the server until it is told to stop, a listener fails or the
// supervisor tree gives up.
func serve(signals told, cfg config.Config, log *logx.Logger) (err error) {
	ctx := signals.stop
	s := &server{cfg: cfg, log: log, main: log.Slog("main")}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop while starting
		}
		return err
	}
	return s.wait(signals)
}

// wait returns when the server is told to stop, and the rooms have had the time
// to end that FJ_DRAIN_TIMEOUT gives them; when a drain is over; or the error
// after which there is no going on.
func (s *server) wait(signals told) error {
	stop := signals.stop.Done()
	for {
		select {
		case <-stop:
			if s.cfg.DrainTimeout <= 0 {
				return nil
			}
			s.drainer.begin(s.cfg.DrainTimeout, true)
			stop = nil
		case <-signals.hurry.Done():
			return nil
		case <-s.drainer.done:
			return nil
		case err := <-s.fronts.failed:
			return err
		case err := <-s.cluster.Failed():
			return err
		}
	}
}

// start begins everything in the order of the original's start-up lines: ports
// are open before the cluster forms, and answer once it is asked for.
func (s *server) start(ctx context.Context) (err error) {
	nodeName, err := ownName(ctx, s.cfg)
	if err != nil {
		return err
	}
	s.main.Info("Starting Fjord " + version + " (" + s.cfg.GitCommit + ")")
	s.main.Info(s.cfg.DistributionLine(nodeName))
	s.main.Info(s.cfg.WebRTCLine())
	s.main.Info(s.cfg.ComponentsLine())
	s.settleSecret()
	if s.fronts, err = openFronts(ctx, s.cfg, s.main); err != nil {
		return err
	}
	if s.system, err = actor.Start(ctx, "fjord", s.log.Slog("actor")); err != nil {
		return fmt.Errorf("start actors: %w", err)
	}
	if s.surface, err = s.openSurface(ctx); err != nil {
		return err
	}
	s.bus = cluster.NewBus()
	s.surface.hear(s.bus)
	rooms := s.surface.roomOptions()
	rooms.Events = s.bus.Publish
	s.rooms = room.NewLocal(rooms)
	s.drainer = newDrainer(ctx, s.rooms, s.main)
	if s.node, err = startNode(ctx, s.cfg, nodeName, s.log); err != nil {
		return err
	}
	if s.cluster, err = s.startCluster(ctx, nodeName); err != nil {
		return err
	}
	api := httpapi.New(s.surface.extend(httpapi.Options{
		Rooms: s.cluster.Service(), Distribution: s.cluster, Token: string(s.cfg.ServerAPIToken),
		Version: apiVersion, GitCommit: s.cfg.GitCommit, Logger: s.log.Slog("http"), Ready: s.ready,
		Cluster: clusterView{s}, IgnoreRoomID: s.cfg.FeatureRequestRouting, RoomElsewhere: s.cluster.Elsewhere,
	}))
	s.fronts.serve(api, httpapi.NewMetrics(stats{s}, append(s.surface.collectors(), httpapi.NewClusterMetrics(clusterView{s}))...))
	return nil
}

// stop ends, within stopTime, whatever start has begun. Rooms end first, so
// that everybody hears of it before the links close.
func (s *server) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	var errs []error
	try := func(started bool, stop func(context.Context) error) {
		if started {
			ctx, cancel := context.WithTimeout(ctx, stopShare)
			defer cancel()
			errs = append(errs, stop(ctx))
		}
	}
	try(s.cluster != nil, func(ctx context.Context) error { return s.rooms.StopAll(ctx, !s.drainer.drained()) })
	try(s.surface != nil, func(ctx context.Context) error { return s.surface.close(ctx) })
	try(s.fronts != nil, func(ctx context.Context) error { return s.fronts.close(ctx) })
	try(s.cluster != nil, func(ctx context.Context) error { return s.cluster.Stop(ctx) })
	try(s.drainer != nil, func(ctx context.Context) error { return s.drainer.stop(ctx) })
	try(s.node != nil, func(ctx context.Context) error { return s.node.Stop(ctx) })
	try(s.system != nil, func(ctx context.Context) error { return s.system.Stop(ctx) })
	return errors.Join(errs...)
}
