package room

// Endpoint is whose track it is: exactly one of its fields is set.
type Endpoint struct {
	Peer      string
	Component string
}

// TrackAdded says that an endpoint published a track.
type TrackAdded struct {
	ID       ID
	Endpoint Endpoint
	Track    Track
}

// TrackRemoved says that a track ended, or its endpoint did.
type TrackRemoved struct {
	ID       ID
	Endpoint Endpoint
	Track    Track
}

// TrackMetadataUpdated carries a track with its new metadata.
type TrackMetadataUpdated struct {
	ID       ID
	Endpoint Endpoint
	Track    Track
}

// Room is the id of the room.
func (e TrackAdded) Room() ID { return e.ID }

// Room is the id of the room.
func (e TrackRemoved) Room() ID { return e.ID }

// Room is the id of the room.
func (e TrackMetadataUpdated) Room() ID { return e.ID }

func (TrackAdded) event()           {}
func (TrackRemoved) event()         {}
func (TrackMetadataUpdated) event() {}
