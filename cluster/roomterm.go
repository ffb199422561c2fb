package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// keyCustom marks, between Fjord nodes, a room whose id the client chose.
const keyCustom = etf.Atom("fjord_custom")

// configTerm is a Room.Config struct with all six keys, which the original
// insists on.
func configTerm(product string, c room.Config) etf.Map {
	id := etf.Term(atomNil)
	if c.RoomID != "" {
		id = []byte(c.RoomID)
	}
	return etf.Map{
		{Key: etf.Atom("__struct__"), Value: etf.Atom(product + structConfig)},
		{Key: etf.Atom("room_id"), Value: id},
		{Key: etf.Atom("max_peers"), Value: optionalInt(c.MaxPeers)},
		{Key: etf.Atom("video_codec"), Value: optionalAtom(c.VideoCodec)},
		{Key: etf.Atom("webhook_url"), Value: optionalString(c.WebhookURL)},
		{Key: etf.Atom("peerless_purge_timeout"), Value: optionalInt(c.PeerlessPurgeTimeout)},
		{Key: etf.Atom("peer_disconnected_timeout"), Value: optionalInt(c.PeerDisconnectedTimeout)},
	}
}

// parseConfig reads a Room.Config struct; custom is the mark of Fjord nodes.
// Missing keys are nil, further ones are ignored.
func parseConfig(t etf.Term) (c room.Config, custom bool, err error) {
	m, err := structOf(t, structConfig)
	if err != nil {
		return room.Config{}, false, err
	}
	fail := func(err error) (room.Config, bool, error) {
		return room.Config{}, false, fmt.Errorf("%s: %w", structConfig, err)
	}
	id, err := parseString(m, "room_id")
	if err != nil {
		return fail(err)
	}
	if id != nil {
		c.RoomID = room.ID(*id)
	}
	if c.MaxPeers, err = parseInt(m, "max_peers"); err != nil {
		return fail(err)
	}
	if c.VideoCodec, err = parseAtom(m, "video_codec", "h264", "vp8"); err != nil {
		return fail(err)
	}
	if c.WebhookURL, err = parseString(m, "webhook_url"); err != nil {
		return fail(err)
	}
	if c.PeerlessPurgeTimeout, err = parseInt(m, "peerless_purge_timeout"); err != nil {
		return fail(err)
	}
	if c.PeerDisconnectedTimeout, err = parseInt(m, "peer_disconnected_timeout"); err != nil {
		return fail(err)
	}
	return c, isAtom(field(m, keyCustom), "true"), nil
}

// stateTerm is a Room.State struct. Callers read id, config, components and
// peers; the rest is there for the struct's shape.
func stateTerm(product string, r room.Room) etf.Term {
	components := make(etf.Map, 0, len(r.Components))
	for _, c := range r.Components {
		components = append(components, etf.MapEntry{Key: []byte(c.ID), Value: componentTerm(product, c)})
	}
	peers := make(etf.Map, 0, len(r.Peers))
	for _, p := range r.Peers {
		peers = append(peers, etf.MapEntry{Key: []byte(p.ID), Value: peerTerm(product, p)})
	}
	return etf.Map{
		{Key: etf.Atom("__struct__"), Value: etf.Atom(product + structState)},
		{Key: etf.Atom("id"), Value: []byte(r.ID)},
		{Key: etf.Atom("config"), Value: configTerm(product, r.Config)},
		{Key: etf.Atom("engine_pid"), Value: atomNil},
		{Key: etf.Atom("network_options"), Value: etf.List{}},
		{Key: etf.Atom("components"), Value: components},
		{Key: etf.Atom("peers"), Value: peers},
		{Key: etf.Atom("last_peer_left"), Value: int64(0)},
	}
}

// parseState reads a Room.State struct. Components and peers come sorted by id,
// since a map has no order.
func parseState(t etf.Term) (room.Room, error) {
	m, err := structOf(t, structState)
	if err != nil {
		return room.Room{}, err
	}
	id, ok := field(m, "id").([]byte)
	if !ok {
		return room.Room{}, fmt.Errorf("%s: %w: no id", structState, errTerm)
	}
	r := room.Room{ID: room.ID(id)}
	if r.Config, _, err = parseConfig(field(m, "config")); err != nil {
		return room.Room{}, fmt.Errorf("%s: %w", structState, err)
	}
	if r.Components, err = parseEach(field(m, "components"), parseComponent); err != nil {
		return room.Room{}, fmt.Errorf("%s: %w", structState, err)
	}
	if r.Peers, err = parseEach(field(m, "peers"), parsePeer); err != nil {
		return room.Room{}, fmt.Errorf("%s: %w", structState, err)
	}
	slices.SortFunc(r.Components, func(a, b room.Component) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(r.Peers, func(a, b room.Peer) int { return cmp.Compare(a.ID, b.ID) })
	return r, nil
}

// parseEach reads the values of a map, or a list.
func parseEach[T any](t etf.Term, parse func(etf.Term) (T, error)) ([]T, error) {
	var values []etf.Term
	switch t := t.(type) {
	case etf.Map:
		for _, e := range t {
			values = append(values, e.Value)
		}
	case etf.List:
		values = t
	default:
		return nil, fmt.Errorf("%w: neither map nor list", errTerm)
	}
	var all []T
	for _, v := range values {
		x, err := parse(v)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

func peerTerm(product string, p room.Peer) etf.Term {
	return etf.Map{
		{Key: etf.Atom("__struct__"), Value: etf.Atom(product + structPeer)},
		{Key: etf.Atom("id"), Value: []byte(p.ID)},
		{Key: etf.Atom("type"), Value: moduleOf(product+peerTypes, p.Type)},
		{Key: etf.Atom("engine_endpoint"), Value: atomNil},
		{Key: etf.Atom("status"), Value: etf.Atom(p.Status)},
		{Key: etf.Atom("socket_pid"), Value: atomNil},
		{Key: etf.Atom("tracks"), Value: tracksTerm(product, p.Tracks)},
		{Key: etf.Atom("metadata"), Value: jsonTerm(p.Metadata)},
		{Key: etf.Atom("last_time_connected"), Value: atomNil},
	}
}

func parsePeer(t etf.Term) (room.Peer, error) {
	m, err := structOf(t, structPeer)
	if err != nil {
		return room.Peer{}, err
	}
	var p room.Peer
	if p.ID, err = parseID(m); err != nil {
		return room.Peer{}, fmt.Errorf("%s: %w", structPeer, err)
	}
	status, err := parseAtom(m, "status", "connected", "disconnected")
	if err != nil || status == nil {
		return room.Peer{}, fmt.Errorf("%s: %w: no status", structPeer, errTerm)
	}
	p.Status = *status
	if p.Type, err = typeOf(m, peerTypes); err != nil {
		return room.Peer{}, fmt.Errorf("%s: %w", structPeer, err)
	}
	if p.Tracks, err = parseTracks(m); err != nil {
		return room.Peer{}, fmt.Errorf("%s: %w", structPeer, err)
	}
	p.Metadata = termJSON(field(m, "metadata"))
	return p, nil
}

func componentTerm(product string, c room.Component) etf.Term {
	properties := make(etf.Map, 0, len(c.Properties))
	for key, v := range c.Properties {
		properties = append(properties, etf.MapEntry{Key: etf.Atom(snakeCase(key)), Value: jsonTerm(v)})
	}
	return etf.Map{
		{Key: etf.Atom("__struct__"), Value: etf.Atom(product + structComponent)},
		{Key: etf.Atom("id"), Value: []byte(c.ID)},
		{Key: etf.Atom("type"), Value: moduleOf(product+componentTypes, c.Type)},
		{Key: etf.Atom("engine_endpoint"), Value: atomNil},
		{Key: etf.Atom("properties"), Value: properties},
		{Key: etf.Atom("tracks"), Value: tracksTerm(product, c.Tracks)},
	}
}

func parseComponent(t etf.Term) (room.Component, error) {
	m, err := structOf(t, structComponent)
	if err != nil {
		return room.Component{}, err
	}
	var c room.Component
	if c.ID, err = parseID(m); err != nil {
		return room.Component{}, fmt.Errorf("%s: %w", structComponent, err)
	}
	if c.Type, err = typeOf(m, componentTypes); err != nil {
		return room.Component{}, fmt.Errorf("%s: %w", structComponent, err)
	}
	if c.Tracks, err = parseTracks(m); err != nil {
		return room.Component{}, fmt.Errorf("%s: %w", structComponent, err)
	}
	if properties, ok := field(m, "properties").(etf.Map); ok {
		c.Properties = make(map[string]any, len(properties))
		for _, e := range properties {
			if key, ok := e.Key.(etf.Atom); ok {
				c.Properties[camelCase(string(key))] = termJSON(e.Value)
			}
		}
	}
	return c, nil
}

func tracksTerm(product string, tracks []room.Track) etf.Term {
	m := make(etf.Map, 0, len(tracks))
	for _, t := range tracks {
		m = append(m, etf.MapEntry{Key: []byte(t.ID), Value: trackTerm(product, t)})
	}
	return m
}

func trackTerm(product string, t room.Track) etf.Term {
	return etf.Map{
		{Key: etf.Atom("__struct__"), Value: etf.Atom(product + structTrack)},
		{Key: etf.Atom("id"), Value: []byte(t.ID)},
		{Key: etf.Atom("type"), Value: etf.Atom(t.Type)},
		{Key: etf.Atom("metadata"), Value: jsonTerm(t.Metadata)},
	}
}

func parseTracks(m etf.Map) ([]room.Track, error) {
	tracks, err := parseEach(field(m, "tracks"), parseTrack)
	slices.SortFunc(tracks, func(a, b room.Track) int { return cmp.Compare(a.ID, b.ID) })
	return tracks, err
}

func parseTrack(t etf.Term) (room.Track, error) {
	m, err := structOf(t, structTrack)
	if err != nil {
		return room.Track{}, err
	}
	id, err := parseID(m)
	if err != nil {
		return room.Track{}, fmt.Errorf("%s: %w", structTrack, err)
	}
	kind, err := parseAtom(m, "type", "audio", "video")
	if err != nil || kind == nil {
		return room.Track{}, fmt.Errorf("%s: %w: no type", structTrack, errTerm)
	}
	return room.Track{ID: id, Type: *kind, Metadata: termJSON(field(m, "metadata"))}, nil
}

func parseID(m etf.Map) (string, error) {
	id, ok := field(m, "id").([]byte)
	if !ok {
		return "", fmt.Errorf("%w: no id", errTerm)
	}
	return string(id), nil
}

// moduleOf is the module of a kind of peer or component.
func moduleOf(prefix, kind string) etf.Atom {
	for _, n := range typeNames() {
		if n.rest == kind {
			return etf.Atom(prefix + n.module)
		}
	}
	return etf.Atom(prefix + kind)
}

// typeOf reads the kind of a peer or component from its module.
func typeOf(m etf.Map, prefix string) (string, error) {
	module, _ := field(m, "type").(etf.Atom)
	if rest, ok := cutProduct(string(module)); ok {
		if kind, ok := strings.CutPrefix(rest, prefix); ok {
			for _, n := range typeNames() {
				if n.module == kind {
					return n.rest, nil
				}
			}
		}
	}
	return "", fmt.Errorf("%w: unknown type %q", errTerm, module)
}
