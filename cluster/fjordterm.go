package cluster

import (
	"fmt"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// The calls that Fjord nodes make to each other beyond the original's.
const (
	moduleFjord = "fjord"
	funInfo     = "info"         // info() -> #{version, address}
	funReserve  = "reserve_room" // reserve_room(Id, Token) -> granted | taken
	funRelease  = "release_room" // release_room(Id, Token) -> ok
	funClaim    = "claim_room"   // claim_room(Id, Token) -> free | taken | {made, Owner}
	funCustom   = "custom_rooms" // custom_rooms() -> [Id]
	funHas      = "has_room"     // has_room(Id) -> true | false
	funRooms    = "rooms"        // rooms() -> #{Id => WebhookUrl}

	atomGranted = etf.Atom("granted")
	atomTaken   = etf.Atom("taken")
	atomFree    = etf.Atom("free")
	atomMade    = etf.Atom("made")
	atomRefused = etf.Atom("node_takes_no_rooms") // raised by create_room/1
	atomOK      = etf.Atom("ok")
	atomError   = etf.Atom("error")
)

// fjordInfo is what a Fjord node says about itself.
type fjordInfo struct{ Version, Address string }

func infoTerm(i fjordInfo) etf.Term {
	return etf.Map{
		{Key: etf.Atom("version"), Value: []byte(i.Version)},
		{Key: etf.Atom("address"), Value: []byte(i.Address)},
	}
}

func parseInfo(t etf.Term) (fjordInfo, error) {
	m, ok := t.(etf.Map)
	version, isV := field(m, "version").([]byte)
	address, isA := field(m, "address").([]byte)
	if !ok || !isV || !isA {
		return fjordInfo{}, fmt.Errorf("fjord info: %w", errTerm)
	}
	return fjordInfo{Version: string(version), Address: string(address)}, nil
}

// idAndToken reads the arguments of reserve_room, release_room and claim_room.
func idAndToken(args []etf.Term) (room.ID, string, error) {
	if len(args) != 2 {
		return "", "", fmt.Errorf("arguments: %w", errTerm)
	}
	id, isID := args[0].([]byte)
	token, isToken := args[1].([]byte)
	if !isID || !isToken {
		return "", "", fmt.Errorf("arguments: %w: not binaries", errTerm)
	}
	return room.ID(id), string(token), nil
}

func idsTerm(ids []room.ID) etf.Term {
	list := make(etf.List, 0, len(ids))
	for _, id := range ids {
		list = append(list, []byte(id))
	}
	return list
}

func parseIDs(t etf.Term) ([]room.ID, error) {
	list, ok := t.(etf.List)
	if !ok {
		return nil, fmt.Errorf("room ids: %w: no list", errTerm)
	}
	ids := make([]room.ID, 0, len(list))
	for _, e := range list {
		id, ok := e.([]byte)
		if !ok {
			return nil, fmt.Errorf("room ids: %w: no binary", errTerm)
		}
		ids = append(ids, room.ID(id))
	}
	return ids, nil
}

// parseNodes reads the answer of erlang:nodes/0.
func parseNodes(t etf.Term) ([]string, error) {
	list, ok := t.(etf.List)
	if !ok {
		return nil, fmt.Errorf("nodes: %w: no list", errTerm)
	}
	nodes := make([]string, 0, len(list))
	for _, e := range list {
		name, ok := e.(etf.Atom)
		if !ok {
			return nil, fmt.Errorf("nodes: %w: no atom", errTerm)
		}
		nodes = append(nodes, string(name))
	}
	return nodes, nil
}

// hooksTerm are rooms with their webhooks, empty binaries where there is none.
func hooksTerm(list map[room.ID]string) etf.Term {
	m := make(etf.Map, 0, len(list))
	for id, url := range list {
		m = append(m, etf.MapEntry{Key: []byte(id), Value: []byte(url)})
	}
	return m
}

func parseHooks(t etf.Term) (map[room.ID]string, error) {
	m, ok := t.(etf.Map)
	if !ok {
		return nil, fmt.Errorf("rooms: %w: no map", errTerm)
	}
	list := make(map[room.ID]string, len(m))
	for _, e := range m {
		id, isID := e.Key.([]byte)
		url, isURL := e.Value.([]byte)
		if !isID || !isURL {
			return nil, fmt.Errorf("rooms: %w: no binaries", errTerm)
		}
		list[room.ID(id)] = string(url)
	}
	return list, nil
}
