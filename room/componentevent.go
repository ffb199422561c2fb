package room

// ComponentCrashed says that a component's code failed; it is gone.
type ComponentCrashed struct {
	ID        ID
	Component string
}

// HLSPlayable says that the first playlist with video of an HLS component is
// ready.
type HLSPlayable struct {
	ID        ID
	Component string
}

// HLSUploaded says that a room's HLS stream is in the bucket. It may follow
// RoomDeleted.
type HLSUploaded struct{ ID ID }

// HLSUploadCrashed says that uploading a room's HLS stream failed. It may
// follow RoomDeleted.
type HLSUploadCrashed struct{ ID ID }

// Room is the id of the room.
func (e ComponentCrashed) Room() ID { return e.ID }

// Room is the id of the room.
func (e HLSPlayable) Room() ID { return e.ID }

// Room is the id of the room.
func (e HLSUploaded) Room() ID { return e.ID }

// Room is the id of the room.
func (e HLSUploadCrashed) Room() ID { return e.ID }

func (ComponentCrashed) event() {}
func (HLSPlayable) event()      {}
func (HLSUploaded) event()      {}
func (HLSUploadCrashed) event() {}
