package room

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/internal/actor"
)

// Requests of the service to a room.
type (
	addPeer    struct{ config PeerConfig }
	deletePeer struct{ id string }
	findPeer   struct{ id string }
)

// Messages of a peer's actor to its room.
type (
	// joined says that a socket joined; the room answers the request.
	joined struct {
		member  *member
		session *session
		taken   *atomic.Bool // of the request
		request *actor.Request
	}
	// left says that the socket is gone.
	left struct{ member *member }
	// peerEnded says that the actor ended; on purpose, or not.
	peerEnded struct {
		member *member
		reason error
	}
	// peerDue is a peer's purge timer: arming number n.
	peerDue struct {
		member *member
		n      uint64
	}
)

func (r *roomActor) addPeer(self *actor.Self, m addPeer) (any, error) {
	limit := r.state.config.MaxPeers
	if limit != nil && len(r.state.peers) >= *limit {
		r.entry.log(slog.LevelWarn, "Unable to add peer: Reached %s peers limit", PeerWebRTC)
		return nil, ErrPeerLimit
	}
	id := string(NewID())
	mem := &member{room: r.entry, id: id, simulcast: m.config.EnableSimulcast}
	if err := r.startPeer(self, mem); err != nil {
		return nil, err
	}
	p := Peer{ID: id, Type: PeerWebRTC, Status: Disconnected, Metadata: m.config.Metadata}
	r.state.add(p, mem)
	r.publish()
	r.entry.logPeer(slog.LevelInfo, id, "Added peer %q", id)
	r.entry.local.dispatch(PeerAdded{r.entry.id, id})
	r.armPeer(self, mem)
	r.armPeerless(self)
	return p, nil
}

// startPeer starts the actor and watches it.
func (r *roomActor) startPeer(self *actor.Self, m *member) error {
	sys, room := self.System(), self.PID()
	pid, err := sys.StartChild(peerSupervisorName, m)
	if err != nil {
		return err
	}
	m.pid = pid
	if !r.entry.join(m) {
		_ = sys.Exit(pid, actor.ErrNormal) // a moment ago, by StopAll
		return ErrNotFound
	}
	return sys.Watch(pid, func(reason error) {
		m.release(closeError, crashText(reason))
		m.drop() // no news if its Terminate has run
		r.entry.part(m)
		_ = sys.Send(room, peerEnded{m, reason})
	})
}

// removePeer takes a peer out with its tracks; the caller dispatches what
// follows. It reports false when it is not there (any more).
func (r *roomActor) removePeer(m *member) (Peer, bool) {
	i := r.state.index(m)
	if i < 0 {
		return Peer{}, false
	}
	r.removeTracks(i)
	p := r.state.remove(i)
	r.publish()
	return p, true
}

func (r *roomActor) removeTracks(i int) {
	p := &r.state.peers[i]
	tracks := p.Tracks
	p.Tracks = nil
	for _, t := range tracks {
		r.entry.local.dispatch(TrackRemoved{r.entry.id, Endpoint{Peer: p.ID}, t})
	}
}

func (r *roomActor) deletePeer(self *actor.Self, m deletePeer) (any, error) {
	mem := r.state.member(m.id)
	if mem == nil {
		return nil, ErrPeerNotFound
	}
	r.dropPeer(self, mem, true)
	return nil, nil
}

// dropPeer removes a peer on purpose.
func (r *roomActor) dropPeer(self *actor.Self, m *member, disconnects bool) {
	p, ok := r.removePeer(m)
	if !ok {
		return
	}
	if disconnects && p.Status == Connected {
		r.entry.local.dispatch(PeerDisconnected{r.entry.id, p.ID})
	}
	r.entry.logPeer(slog.LevelInfo, p.ID, "Removed peer %q from room %q", p.ID, string(r.entry.id))
	r.entry.local.dispatch(PeerDeleted{r.entry.id, p.ID})
	m.release(closeNormal, reasonRemoved)
	_ = self.System().Exit(m.pid, actor.ErrNormal) // no actor: it crashed just now, peerEnded finds no peer
	r.armPeerless(self)
}

func (r *roomActor) peerJoined(m joined) {
	i := r.state.index(m.member)
	if i < 0 {
		m.request.Reply(reply{err: ErrPeerNotFound}, nil)
		return
	}
	p := &r.state.peers[i]
	p.Status = Connected
	r.state.timers[i].disarm()
	r.publish()
	r.entry.logPeer(slog.LevelInfo, p.ID, "Peer %q connected", p.ID)
	r.entry.local.dispatch(PeerConnected{r.entry.id, p.ID})
	if !m.taken.CompareAndSwap(false, true) {
		m.session.Gone(nil) // who asked waits no longer
	}
	m.request.Reply(reply{value: m.session}, nil)
}

func (r *roomActor) peerLeft(self *actor.Self, m left) {
	i := r.state.index(m.member)
	if i < 0 || r.state.peers[i].Status != Connected {
		return
	}
	p := &r.state.peers[i]
	p.Status = Disconnected
	r.entry.local.dispatch(PeerDisconnected{r.entry.id, p.ID})
	r.removeTracks(i)
	r.publish()
	r.armPeer(self, m.member)
	r.armPeerless(self)
}

// peerEnded: whoever removes a peer on purpose takes it out first, so one that
// is still here crashed.
func (r *roomActor) peerEnded(self *actor.Self, m peerEnded) {
	p, ok := r.removePeer(m.member)
	if !ok {
		return
	}
	r.entry.logPeer(slog.LevelError, p.ID, "Peer %q crashed: %v", p.ID, m.reason)
	r.entry.local.dispatch(PeerCrashed{r.entry.id, p.ID, knownReason(m.reason)})
	r.armPeerless(self)
}

func (r *roomActor) peerDue(self *actor.Self, m peerDue) {
	i := r.state.index(m.member)
	if i < 0 || r.state.peers[i].Status == Connected || !r.state.timers[i].latest(m.n) {
		return
	}
	r.entry.logPeer(slog.LevelInfo, m.member.id, "Removing peer because it was disconnected for %d seconds",
		*r.state.config.PeerDisconnectedTimeout)
	r.dropPeer(self, m.member, false)
}

// armPeer starts the peer's purge timer anew, if the room has one.
func (r *roomActor) armPeer(self *actor.Self, m *member) {
	seconds := r.state.config.PeerDisconnectedTimeout
	i := r.state.index(m)
	if seconds == nil || i < 0 {
		return
	}
	r.state.timers[i].arm(*seconds, func(d time.Duration, n uint64) func() { return self.SendAfter(d, peerDue{m, n}) })
}

// armPeerless starts the room's purge timer anew if it has one and nobody is
// connected.
func (r *roomActor) armPeerless(self *actor.Self) {
	if t := r.state.config.PeerlessPurgeTimeout; t != nil && r.state.peerless() {
		r.purge.arm(*t, func(d time.Duration, n uint64) func() { return self.SendAfter(d, purgeDue{n}) })
	}
}
