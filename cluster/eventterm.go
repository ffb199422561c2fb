package cluster

import (
	"fmt"
	"slices"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// Topics of the original's PubSub, and one that only Fjord nodes send to each
// other.
const (
	topicEvents  = "server_notification"
	topicMetrics = "metrics"
	topicFjord   = "fjord"

	atomEvent   = etf.Atom("server_notification")
	atomMetrics = etf.Atom("metrics")
	// {room, Id, WebhookUrl} goes to Fjord nodes before the room's room_created.
	atomRoom = etf.Atom("room")
	// {told, Node, Ids} goes to Fjord nodes once the webhooks of a dead node's
	// rooms have been sent.
	atomTold = etf.Atom("told")
	// {lost, Node, Ids} goes to Fjord nodes when young rooms went with their node.
	atomLost = etf.Atom("lost")

	atomPeerID      = etf.Atom("peer_id")
	atomComponentID = etf.Atom("component_id")
)

// eventForm is how one kind of event looks on the wire: a tuple of its word,
// the room's id and further elements.
type eventForm struct {
	word  etf.Atom
	size  int // of the tuple
	write func(product string, e room.Event) ([]etf.Term, bool)
	read  func(id room.ID, rest []etf.Term) (room.Event, error)
}

// eventTable is made once: thousands of events a second look into it.
var eventTable = slices.Concat(roomForms(), peerForms(), trackForms())

// eventForms is the table of all events.
func eventForms() []eventForm { return eventTable }

// plain is an event of the room alone.
func plain[E room.Event](word etf.Atom, make func(room.ID) room.Event) eventForm {
	return eventForm{word, 2,
		func(_ string, e room.Event) ([]etf.Term, bool) { _, ok := e.(E); return nil, ok },
		func(id room.ID, _ []etf.Term) (room.Event, error) { return make(id), nil },
	}
}

// named is an event of a peer or component.
func named[E room.Event](word etf.Atom, name func(E) string, make func(room.ID, string) room.Event) eventForm {
	return eventForm{word, 3,
		func(_ string, e room.Event) ([]etf.Term, bool) {
			x, ok := e.(E)
			if !ok {
				return nil, false
			}
			return []etf.Term{[]byte(name(x))}, true
		},
		func(id room.ID, rest []etf.Term) (room.Event, error) {
			b, ok := rest[0].([]byte)
			if !ok {
				return nil, fmt.Errorf("%w: no name", errTerm)
			}
			return make(id, string(b)), nil
		},
	}
}

func roomForms() []eventForm {
	return []eventForm{
		plain[room.RoomCreated]("room_created", func(id room.ID) room.Event { return room.RoomCreated{ID: id} }),
		plain[room.RoomDeleted]("room_deleted", func(id room.ID) room.Event { return room.RoomDeleted{ID: id} }),
		plain[room.RoomCrashed]("room_crashed", func(id room.ID) room.Event { return room.RoomCrashed{ID: id, Reason: errElsewhere} }),
		plain[room.HLSUploaded]("hls_uploaded", func(id room.ID) room.Event { return room.HLSUploaded{ID: id} }),
		plain[room.HLSUploadCrashed]("hls_upload_crashed", func(id room.ID) room.Event { return room.HLSUploadCrashed{ID: id} }),
		named("hls_playable", func(e room.HLSPlayable) string { return e.Component },
			func(id room.ID, c string) room.Event { return room.HLSPlayable{ID: id, Component: c} }),
		named("component_crashed", func(e room.ComponentCrashed) string { return e.Component },
			func(id room.ID, c string) room.Event { return room.ComponentCrashed{ID: id, Component: c} }),
	}
}

func peerForms() []eventForm {
	return []eventForm{
		named("peer_added", func(e room.PeerAdded) string { return e.Peer },
			func(id room.ID, p string) room.Event { return room.PeerAdded{ID: id, Peer: p} }),
		named("peer_deleted", func(e room.PeerDeleted) string { return e.Peer },
			func(id room.ID, p string) room.Event { return room.PeerDeleted{ID: id, Peer: p} }),
		named("peer_connected", func(e room.PeerConnected) string { return e.Peer },
			func(id room.ID, p string) room.Event { return room.PeerConnected{ID: id, Peer: p} }),
		named("peer_disconnected", func(e room.PeerDisconnected) string { return e.Peer },
			func(id room.ID, p string) room.Event { return room.PeerDisconnected{ID: id, Peer: p} }),
		{"peer_crashed", 4, writeCrashed, readCrashed},
		{"peer_metadata_updated", 4, writeMetadata, readMetadata},
	}
}

func writeCrashed(_ string, e room.Event) ([]etf.Term, bool) {
	x, ok := e.(room.PeerCrashed)
	reason := etf.Term(atomNil)
	if x.Reason != "" {
		reason = []byte(x.Reason)
	}
	return []etf.Term{[]byte(x.Peer), reason}, ok
}

func readCrashed(id room.ID, rest []etf.Term) (room.Event, error) {
	peer, ok := rest[0].([]byte)
	if !ok {
		return nil, fmt.Errorf("%w: no peer", errTerm)
	}
	reason, _ := rest[1].([]byte) // nil: none
	return room.PeerCrashed{ID: id, Peer: string(peer), Reason: string(reason)}, nil
}

func writeMetadata(_ string, e room.Event) ([]etf.Term, bool) {
	x, ok := e.(room.PeerMetadataUpdated)
	return []etf.Term{[]byte(x.Peer), jsonTerm(x.Metadata)}, ok
}

func readMetadata(id room.ID, rest []etf.Term) (room.Event, error) {
	peer, ok := rest[0].([]byte)
	if !ok {
		return nil, fmt.Errorf("%w: no peer", errTerm)
	}
	return room.PeerMetadataUpdated{ID: id, Peer: string(peer), Metadata: termJSON(rest[1])}, nil
}

func trackForms() []eventForm {
	return []eventForm{
		track("track_added", func(e room.TrackAdded) (room.Endpoint, room.Track) { return e.Endpoint, e.Track },
			func(id room.ID, p room.Endpoint, t room.Track) room.Event {
				return room.TrackAdded{ID: id, Endpoint: p, Track: t}
			}),
		track("track_removed", func(e room.TrackRemoved) (room.Endpoint, room.Track) { return e.Endpoint, e.Track },
			func(id room.ID, p room.Endpoint, t room.Track) room.Event {
				return room.TrackRemoved{ID: id, Endpoint: p, Track: t}
			}),
		track("track_metadata_updated", func(e room.TrackMetadataUpdated) (room.Endpoint, room.Track) { return e.Endpoint, e.Track },
			func(id room.ID, p room.Endpoint, t room.Track) room.Event {
				return room.TrackMetadataUpdated{ID: id, Endpoint: p, Track: t}
			}),
	}
}

// track is an event of a track: {Word, Room, {peer_id | component_id, Id}, Track}.
func track[E room.Event](word etf.Atom, parts func(E) (room.Endpoint, room.Track), make func(room.ID, room.Endpoint, room.Track) room.Event) eventForm {
	return eventForm{word, 4,
		func(product string, e room.Event) ([]etf.Term, bool) {
			x, ok := e.(E)
			if !ok {
				return nil, false
			}
			endpoint, t := parts(x)
			return []etf.Term{endpointTerm(endpoint), trackTerm(product, t)}, true
		},
		func(id room.ID, rest []etf.Term) (room.Event, error) {
			endpoint, err := parseEndpoint(rest[0])
			if err != nil {
				return nil, err
			}
			t, err := parseAnyTrack(rest[1])
			if err != nil {
				return nil, err
			}
			return make(id, endpoint, t), nil
		},
	}
}

func endpointTerm(e room.Endpoint) etf.Term {
	if e.Component != "" {
		return etf.Tuple{atomComponentID, []byte(e.Component)}
	}
	return etf.Tuple{atomPeerID, []byte(e.Peer)}
}

func parseEndpoint(t etf.Term) (room.Endpoint, error) {
	tuple, ok := t.(etf.Tuple)
	if ok && len(tuple) == 2 {
		id, isID := tuple[1].([]byte)
		switch {
		case isID && isAtom(tuple[0], atomPeerID):
			return room.Endpoint{Peer: string(id)}, nil
		case isID && isAtom(tuple[0], atomComponentID):
			return room.Endpoint{Component: string(id)}, nil
		}
	}
	return room.Endpoint{}, fmt.Errorf("%w: no endpoint", errTerm)
}

// parseAnyTrack reads a Track, or the engine's message that the original puts
// into track_added.
func parseAnyTrack(t etf.Term) (room.Track, error) {
	m, _ := t.(etf.Map)
	if !isAtom(field(m, "__struct__"), structEngineTrack) {
		return parseTrack(t)
	}
	id, ok := field(m, "track_id").([]byte)
	kind, err := parseAtom(m, "track_type", "audio", "video")
	if !ok || err != nil || kind == nil {
		return room.Track{}, fmt.Errorf("%w: no track", errTerm)
	}
	return room.Track{ID: string(id), Type: *kind, Metadata: termJSON(field(m, "track_metadata"))}, nil
}

// eventTerm is {server_notification, Tuple} with a product's structs; nil for
// an event that the original does not know, which must never be sent: its
// subscribers crash.
func eventTerm(product string, e room.Event) etf.Term {
	for _, form := range eventForms() {
		if rest, ok := form.write(product, e); ok {
			return etf.Tuple{atomEvent, append(etf.Tuple{form.word, []byte(e.Room())}, rest...)}
		}
	}
	return nil
}

// parseEvent reads {server_notification, Tuple}.
func parseEvent(t etf.Term) (room.Event, error) {
	outer, ok := t.(etf.Tuple)
	if !ok || len(outer) != 2 || !isAtom(outer[0], atomEvent) {
		return nil, fmt.Errorf("notification: %w", errTerm)
	}
	tuple, ok := outer[1].(etf.Tuple)
	if !ok || len(tuple) < 2 {
		return nil, fmt.Errorf("notification: %w", errTerm)
	}
	id, ok := tuple[1].([]byte)
	for _, form := range eventForms() {
		if ok && isAtom(tuple[0], form.word) && len(tuple) == form.size {
			e, err := form.read(room.ID(id), tuple[2:])
			if err != nil {
				return nil, fmt.Errorf("notification %s: %w", form.word, err)
			}
			return e, nil
		}
	}
	return nil, fmt.Errorf("notification: %w: %s", errTerm, etf.String(tuple[0]))
}
