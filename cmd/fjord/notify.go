package main

import (
	"context"
	"fmt"
	"time"

	"github.com/fjord-media/fjord/cluster"
	"github.com/fjord-media/fjord/room"
)

// addressWait bounds the question where a room of another node is.
const addressWait = 2 * time.Second

// hear brings the notifications of all nodes to our sockets; those of this node
// to whatever else wants them.
func (f *surface) hear(bus *cluster.Bus) {
	bus.Subscribe(func(n cluster.Notification) {
		switch {
		case n.Event == nil:
			f.sockets.Report(n.Metrics)
		case n.Own:
			f.event(n.Event)
		default:
			f.sockets.Notify(n.Event)
		}
	})
}

// orphan sends a webhook for a room whose node died; false: this node stops, and
// leaves that to others.
func (f *surface) orphan(url string, e room.Event) bool {
	f.leaving.RLock()
	defer f.leaving.RUnlock()
	if f.left {
		return false
	}
	f.hooks.Deliver(url, e)
	return true
}

// leave has orphan take no more.
func (f *surface) leave() {
	f.leaving.Lock()
	defer f.leaving.Unlock()
	f.left = true
}

// peerAddress is where the peers of a room connect.
func (f *surface) peerAddress(id room.ID) string {
	s := f.server
	ctx, cancel := context.WithTimeout(context.Background(), addressWait)
	defer cancel()
	if address, err := s.cluster.Address(ctx, id); err == nil && address != "" {
		return address
	}
	return s.cfg.Host
}

// ready is why the node takes no work, or nil.
func (s *server) ready() error {
	if s.rooms.Draining() {
		return room.ErrDraining
	}
	if n := s.cfg.Dist.WaitFor; n > 0 && !s.met.Load() {
		have := len(s.cluster.Nodes())
		if have < n {
			return fmt.Errorf("waiting for other nodes: %d of %d are linked", have, n)
		}
		s.met.Store(true)
	}
	return nil
}
