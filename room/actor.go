package room

import (
	"log/slog"

	"github.com/fjord-media/fjord/internal/actor"
)

// roomActor is a room: it alone changes the room's state.
type roomActor struct {
	entry *entry
	state state
	purge purge // runs while nobody is connected
}

// remove is the request to end a room. The actor sets done on the one it
// obeys, so that of several deletions at once one succeeds.
type remove struct{ done bool }

// reply is an answer of a room or a peer: other results of a call mean that it
// has ended.
type reply struct {
	value any
	err   error
}

func newRoomActor(e *entry, cfg Config) actor.Behaviour {
	return &roomActor{entry: e, state: state{id: e.id, config: cfg}}
}

// Init publishes the room and arms the peerless purge.
func (r *roomActor) Init(self *actor.Self) error {
	if err := r.entry.bind(self.PID()); err != nil {
		return err
	}
	r.entry.log(slog.LevelInfo, "Initialize room")
	r.armPeerless(self)
	r.entry.started(r.state.snapshot())
	return nil
}

// Handle obeys the service, the peers and the media. Unknown messages are
// ignored.
func (r *roomActor) Handle(self *actor.Self, msg any) error {
	switch m := msg.(type) {
	case *actor.Request:
		return r.handleRequest(self, m)
	case purgeDue:
		return r.handlePurge(m)
	case joined:
		r.peerJoined(m)
	case left:
		r.peerLeft(self, m)
	case peerEnded:
		r.peerEnded(self, m)
	case peerDue:
		r.peerDue(self, m)
	case MediaEvent:
		r.media(self, m)
	}
	return nil
}

func (r *roomActor) handleRequest(self *actor.Self, req *actor.Request) error {
	var a reply
	switch m := req.Msg.(type) {
	case *remove:
		m.done = true
		return actor.ErrNormal // the end is the answer
	case addPeer:
		a.value, a.err = r.addPeer(self, m)
	case deletePeer:
		a.value, a.err = r.deletePeer(self, m)
	case findPeer:
		if a.value = r.state.member(m.id); a.value == (*member)(nil) {
			a.err = ErrPeerNotFound
		}
	default:
		req.Reply(nil, ErrUnsupported)
		return nil
	}
	req.Reply(a, nil)
	return nil
}

func (r *roomActor) handlePurge(due purgeDue) error {
	if !r.purge.latest(due.n) || !r.state.peerless() {
		return nil
	}
	r.entry.log(slog.LevelInfo, "Removing room because it was peerless for %d seconds", *r.state.config.PeerlessPurgeTimeout)
	return actor.ErrNormal
}

// publish makes the state visible.
func (r *roomActor) publish() { r.entry.snap.Store(r.state.snapshot()) }

// Terminate announces the end of every peer and of the room, before the id is
// free again.
func (r *roomActor) Terminate(self *actor.Self, reason error) {
	r.purge.disarm()
	for len(r.state.peers) > 0 {
		m := r.state.members[0]
		r.removeTracks(0)
		p := r.state.remove(0)
		r.entry.local.dispatch(PeerDeleted{r.entry.id, p.ID})
		m.release(closeNormal, reasonStopped)
		_ = self.System().Exit(m.pid, actor.ErrNormal) // no actor: it ended already
	}
	r.entry.end(reason)
}
