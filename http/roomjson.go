package httpapi

import (
	"maps"

	"github.com/fjord-media/fjord/room"
)

// The JSON of rooms. Fields stand in alphabetical order because the original
// prints them so.
type (
	roomJSON struct {
		Components []componentJSON `json:"components"`
		Config     configJSON      `json:"config"`
		ID         room.ID         `json:"id"`
		Peers      []peerJSON      `json:"peers"`
	}

	configJSON struct {
		MaxPeers                *int    `json:"maxPeers"`
		PeerDisconnectedTimeout *int    `json:"peerDisconnectedTimeout"`
		PeerlessPurgeTimeout    *int    `json:"peerlessPurgeTimeout"`
		RoomID                  room.ID `json:"roomId"`
		VideoCodec              *string `json:"videoCodec"`
		WebhookURL              *string `json:"webhookUrl"`
	}

	componentJSON struct {
		ID         string         `json:"id"`
		Properties map[string]any `json:"properties"`
		Tracks     []trackJSON    `json:"tracks"`
		Type       string         `json:"type"`
	}

	peerJSON struct {
		ID       string      `json:"id"`
		Metadata any         `json:"metadata"`
		Status   string      `json:"status"`
		Tracks   []trackJSON `json:"tracks"`
		Type     string      `json:"type"`
	}

	trackJSON struct {
		ID       string `json:"id"`
		Metadata any    `json:"metadata"`
		Type     string `json:"type"`
	}
)

// toJSON renders a snapshot; empty lists are [] and never null.
func toJSON(r room.Room) roomJSON {
	j := roomJSON{
		Components: make([]componentJSON, 0, len(r.Components)),
		Config: configJSON{
			MaxPeers:                r.Config.MaxPeers,
			PeerDisconnectedTimeout: r.Config.PeerDisconnectedTimeout,
			PeerlessPurgeTimeout:    r.Config.PeerlessPurgeTimeout,
			RoomID:                  r.ID,
			VideoCodec:              r.Config.VideoCodec,
			WebhookURL:              r.Config.WebhookURL,
		},
		ID:    r.ID,
		Peers: make([]peerJSON, 0, len(r.Peers)),
	}
	for _, c := range r.Components {
		j.Components = append(j.Components, componentToJSON(c))
	}
	for _, p := range r.Peers {
		j.Peers = append(j.Peers, peerToJSON(p))
	}
	return j
}

func peerToJSON(p room.Peer) peerJSON {
	return peerJSON{p.ID, p.Metadata, p.Status, tracksToJSON(p.Tracks), p.Type}
}

// componentToJSON shows no password.
func componentToJSON(c room.Component) componentJSON {
	properties := make(map[string]any, len(c.Properties))
	for name, v := range c.Properties {
		if credentials, ok := v.(map[string]any); ok && name == "registrarCredentials" {
			shown := maps.Clone(credentials)
			shown["password"] = "********"
			v = shown
		}
		properties[name] = v
	}
	return componentJSON{c.ID, properties, tracksToJSON(c.Tracks), c.Type}
}

func tracksToJSON(tracks []room.Track) []trackJSON {
	list := make([]trackJSON, 0, len(tracks))
	for _, t := range tracks {
		list = append(list, trackJSON{t.ID, t.Metadata, t.Type})
	}
	return list
}
