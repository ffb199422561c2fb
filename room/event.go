package room

// Event is a server notification as a Go value. Those of one room are
// dispatched in order: RoomCreated first, then exactly one of RoomDeleted and
// RoomCrashed last (uploads may be reported after the end).
type Event interface {
	// Room is the room it happened in.
	Room() ID
	event()
}

// RoomCreated is dispatched before Create returns.
type RoomCreated struct{ ID ID }

// RoomDeleted says that a room was deleted or purged.
type RoomDeleted struct{ ID ID }

// RoomCrashed says that a room ended in any other way: its code panicked, it
// was killed, or its node stops.
type RoomCrashed struct {
	ID     ID
	Reason error
}

// Room is the id of the room.
func (e RoomCreated) Room() ID { return e.ID }

// Room is the id of the room.
func (e RoomDeleted) Room() ID { return e.ID }

// Room is the id of the room.
func (e RoomCrashed) Room() ID { return e.ID }

func (RoomCreated) event() {}
func (RoomDeleted) event() {}
func (RoomCrashed) event() {}
