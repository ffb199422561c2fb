package room

import (
	"log/slog"

	"github.com/fjord-media/fjord/internal/actor"
)

// roomActor is a room: it alone changes the room's state.
type roomActor struct {
	entry *entry
	state state
	purge purge
}

// remove is the request to end a room. The actor sets done on the one it
// obeys, so that of several deletions at once one succeeds.
type remove struct{ done bool }

func newRoomActor(e *entry, cfg Config) actor.Behaviour {
	return &roomActor{entry: e, state: state{id: e.id, config: cfg}}
}

// Init publishes the room and arms the peerless purge.
func (r *roomActor) Init(self *actor.Self) error {
	if err := r.entry.bind(self.PID()); err != nil {
		return err
	}
	r.entry.log(slog.LevelInfo, "Initialize room")
	if t := r.state.config.PeerlessPurgeTimeout; t != nil {
		r.purge.arm(*t, self.SendAfter)
	}
	r.entry.started(r.state.snapshot())
	return nil
}

// Handle obeys the service. Unknown messages are ignored.
func (r *roomActor) Handle(_ *actor.Self, msg any) error {
	switch m := msg.(type) {
	case *actor.Request:
		return r.handleRequest(m)
	case purgeDue:
		return r.handlePurge(m)
	}
	return nil
}

func (r *roomActor) handleRequest(req *actor.Request) error {
	if m, ok := req.Msg.(*remove); ok {
		m.done = true
		return actor.ErrNormal // the end is the answer
	}
	req.Reply(nil, ErrUnsupported)
	return nil
}

func (r *roomActor) handlePurge(due purgeDue) error {
	if !r.purge.latest(due) || !r.state.peerless() {
		return nil
	}
	r.entry.log(slog.LevelInfo, "Removing room because it was peerless for %d seconds", *r.state.config.PeerlessPurgeTimeout)
	return actor.ErrNormal
}

// Terminate announces the end, before the id is free again.
func (r *roomActor) Terminate(_ *actor.Self, reason error) {
	r.purge.disarm()
	r.entry.end(reason)
}
