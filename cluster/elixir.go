package cluster

import (
	"errors"
	"fmt"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// This file is the only one with Elixir module and struct names.

// dialect is one generation of the original as its peers see it.
type dialect struct {
	name       string // shown in logs and /cluster
	product    string // prefix of struct names
	usage      string // module of get_resource_usage/0
	rooms      string // module of create_room/1, delete_room/1, …
	registered string // name that takes {create_room, Config}; "": create_room/1 by erpc
}

// The dialects, in the order in which an unknown node is asked.
const (
	dialectFishjam = iota // Fishjam 0.6.3, and what Fjord nodes speak to each other
	dialectMain           // Fishjam's unreleased main branch
	dialectJellyfish
)

// dialects lists all generations that are served and spoken.
func dialects() []dialect {
	return []dialect{
		dialectFishjam: {
			name: "fishjam-0.6", product: "Elixir.Fishjam.", usage: "Elixir.Fishjam.RoomService",
			rooms: "Elixir.Fishjam.RoomService", registered: "Elixir.Fishjam.RoomService",
		},
		dialectMain: {
			name: "fishjam-main", product: "Elixir.Fishjam.", usage: "Elixir.Fishjam.Local.RoomService",
			rooms: "Elixir.Fishjam.Local.RoomService",
		},
		dialectJellyfish: {
			name: "jellyfish-0.5", product: "Elixir.Jellyfish.", usage: "Elixir.Jellyfish.RoomService",
			rooms: "Elixir.Jellyfish.RoomService", registered: "Elixir.Jellyfish.RoomService",
		},
	}
}

// Functions of the modules above.
const (
	funUsage  = "get_resource_usage"
	funCreate = "create_room"
	funDelete = "delete_room"
	funFind   = "find_room"
	funGet    = "get_room"
	funList   = "list_rooms"
)

// What the main branch calls of the room itself and of the node.
const (
	moduleRoom         = "Elixir.Fishjam.Local.Room"
	funAddPeer         = "add_peer"
	funRemovePeer      = "remove_peer"
	funPeerStatus      = "get_peer_connection_status"
	funAddComponent    = "add_component"
	funRemoveComponent = "remove_component"
	funSubscribe       = "subscribe"
	funDial            = "dial"
	funEndCall         = "end_call"

	moduleFishjam   = "Elixir.Fishjam"
	moduleJellyfish = "Elixir.Jellyfish"
	funAddress      = "address"
)

// Names of the original's Phoenix.PubSub, by product.
const (
	pubsubFishjam   = "Fishjam.PubSub"
	pubsubJellyfish = "Jellyfish.PubSub"
)

// structEngineTrack is the track of a track_added, which comes from the
// original's media engine.
const structEngineTrack = etf.Atom("Elixir.Membrane.RTC.Engine.Message.TrackAdded")

// Products whose structs are understood.
const (
	productFishjam   = "Elixir.Fishjam."
	productJellyfish = "Elixir.Jellyfish."
)

// Struct names after the product.
const (
	structConfig    = "Room.Config"
	structState     = "Room.State"
	structPeer      = "Peer"
	structComponent = "Component"
	structTrack     = "Track"
	peerTypes       = "Peer."      // Peer.WebRTC
	componentTypes  = "Component." // Component.HLS
)

// typeName is one kind of peer or component in REST and as a module's last part.
type typeName struct{ rest, module string }

// typeNames lists the kinds whose spelling differs between REST and modules.
func typeNames() []typeName {
	return []typeName{
		{"webrtc", "WebRTC"}, {"hls", "HLS"}, {"rtsp", "RTSP"},
		{"file", "File"}, {"sip", "SIP"}, {"recording", "Recording"},
	}
}

// errTerm says that a term is not what the original sends.
var errTerm = errors.New("unexpected term")

// Further keys of the answer to a Fjord node: how many of its orders of this
// link are done with, and so shown by the other numbers; how many creations the
// answering node has under way itself; and how many of its rooms are new.
const (
	keyServed   = etf.Atom("fjord_served")
	keyUnderWay = etf.Atom("fjord_under_way")
	keyNew      = etf.Atom("fjord_new_rooms")
)

// usageTerm is the answer of get_resource_usage/0.
func usageTerm(node string, u room.Usage) etf.Map {
	return etf.Map{
		{Key: etf.Atom("node"), Value: etf.Atom(node)},
		{Key: etf.Atom("forwarded_tracks_number"), Value: int64(u.ForwardedTracks)},
		{Key: etf.Atom("rooms_number"), Value: int64(u.Rooms)},
	}
}

// parseUsage reads the answer of get_resource_usage/0 into a Load without Node.
// Further keys are ignored.
func parseUsage(t etf.Term) (l Load, err error) {
	fail := func(err error) (Load, error) { return Load{}, fmt.Errorf("resource usage: %w", err) }
	m, ok := t.(etf.Map)
	if !ok {
		return fail(fmt.Errorf("%w: not a map", errTerm))
	}
	if _, ok := field(m, "node").(etf.Atom); !ok {
		return fail(fmt.Errorf("%w: no node", errTerm))
	}
	if l.Usage.ForwardedTracks, err = count(m, "forwarded_tracks_number"); err != nil {
		return fail(err)
	}
	if l.Usage.Rooms, err = count(m, "rooms_number"); err != nil {
		return fail(err)
	}
	if l.served, err = count(m, keyServed); err != nil {
		l.served = -1
	}
	if l.underWay, err = count(m, keyUnderWay); err != nil {
		l.underWay = 0
	}
	if l.fresh, err = count(m, keyNew); err != nil {
		l.fresh = 0
	}
	return l, nil
}

// createTerm is the request {create_room, Config}.
func createTerm(config etf.Term) etf.Term {
	return etf.Tuple{etf.Atom(funCreate), config}
}

// parseRequest splits a gen_server request into its name and arguments.
func parseRequest(t etf.Term) (name string, args []etf.Term, err error) {
	tuple, ok := t.(etf.Tuple)
	if !ok || len(tuple) == 0 {
		return "", nil, fmt.Errorf("request: %w: not a tuple", errTerm)
	}
	atom, ok := tuple[0].(etf.Atom)
	if !ok {
		return "", nil, fmt.Errorf("request: %w: no name", errTerm)
	}
	return string(atom), tuple[1:], nil
}

// Errors of the original as atoms.
const (
	atomExists            = etf.Atom("room_already_exists")
	atomNotStarted        = etf.Atom("room_doesnt_start")
	atomNotFound          = etf.Atom("room_not_found")
	atomPeerNotFound      = etf.Atom("peer_not_found")
	atomComponentNotFound = etf.Atom("component_not_found")
	atomPeerDisabled      = etf.Atom("peer_disabled_globally")
	atomPeerLimit         = etf.Atom("reached_peers_limit")
	atomComponentDisabled = etf.Atom("component_disabled_globally")
)

// createdTerm is the answer to a creation: {ok, State, Address} or {error, Reason}.
func createdTerm(product string, c room.Created, err error) etf.Term {
	switch {
	case err == nil:
		return etf.Tuple{etf.Atom("ok"), stateTerm(product, c.Room), []byte(c.Address)}
	case errors.Is(err, room.ErrExists):
		return etf.Tuple{etf.Atom("error"), atomExists}
	}
	return etf.Tuple{etf.Atom("error"), atomNotStarted}
}

// errRefused is a member's {error, Reason} other than room_already_exists.
var errRefused = errors.New("member refused the room")

// parseCreated reads the answer to a creation.
func parseCreated(t etf.Term) (room.Created, error) {
	tuple, ok := t.(etf.Tuple)
	if !ok || len(tuple) < 2 {
		return room.Created{}, fmt.Errorf("answer to create_room: %w", errTerm)
	}
	switch tag, _ := tuple[0].(etf.Atom); {
	case tag == "error" && isAtom(tuple[1], atomExists):
		return room.Created{}, room.ErrExists
	case tag == "error":
		return room.Created{}, fmt.Errorf("%w: %v", errRefused, tuple[1])
	case tag != "ok" || len(tuple) != 3:
		return room.Created{}, fmt.Errorf("answer to create_room: %w", errTerm)
	}
	r, err := parseState(tuple[1])
	if err != nil {
		return room.Created{}, fmt.Errorf("answer to create_room: %w", err)
	}
	address, ok := tuple[2].([]byte)
	if !ok {
		return room.Created{}, fmt.Errorf("answer to create_room: %w: no address", errTerm)
	}
	return room.Created{Room: r, Address: string(address)}, nil
}

// deletedTerm is the answer of delete_room/1.
func deletedTerm(err error) etf.Term {
	if err == nil {
		return etf.Atom("ok")
	}
	return etf.Tuple{etf.Atom("error"), atomNotFound}
}
