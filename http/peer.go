package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/fjord-media/fjord/http/token"
	"github.com/fjord-media/fjord/room"
)

const invalidBody = "Invalid request body structure"

// peerSocketPath is where peers connect to.
const peerSocketPath = "/socket/peer/websocket"

// addedPeerJSON is the answer to POST /room/:room_id/peer.
type addedPeerJSON struct {
	Peer             peerJSON `json:"peer"`
	PeerWebsocketURL string   `json:"peer_websocket_url"` // without a scheme
	Token            string   `json:"token"`
}

// addPeer is POST /room/:room_id/peer. Options are checked last, as in the
// original, but before the room is touched.
func (a *api) addPeer(c *gin.Context) {
	p := paramsOf(c.Request)
	id := room.ID(c.Param("room_id"))
	kind, ok := p.get("type")
	switch {
	case !ok:
		writeError(c.Writer, http.StatusBadRequest, invalidBody)
		return
	case kind != any(room.PeerWebRTC):
		writeError(c.Writer, http.StatusBadRequest, "Invalid peer type")
		return
	}
	cfg, ok := peerConfig(p)
	if !ok {
		a.peerOptionsFailed(c, id)
		return
	}
	peer, err := a.Peers.AddPeer(c.Request.Context(), id, cfg)
	if err != nil {
		a.peerFailed(c, id, "", err)
		return
	}
	writeJSON(c.Writer, http.StatusCreated, data{addedPeerJSON{
		Peer:             peerToJSON(peer),
		PeerWebsocketURL: a.peerAddress(id) + peerSocketPath,
		Token:            a.Tokens.Sign(token.Claims{Room: string(id), Peer: peer.ID}, time.Now()),
	}})
}

func (a *api) peerAddress(id room.ID) string {
	if a.PeerAddress == nil {
		return a.Host
	}
	return a.PeerAddress(id)
}

// peerConfig reads the options.
func peerConfig(p params) (room.PeerConfig, bool) {
	cfg := room.PeerConfig{Type: room.PeerWebRTC, EnableSimulcast: true}
	options, ok := p.get("options")
	if !ok {
		return cfg, true
	}
	fields, ok := options.(map[string]any)
	if !ok {
		return cfg, false
	}
	if simulcast, given := fields["enableSimulcast"]; given {
		cfg.EnableSimulcast, ok = boolean(simulcast)
	}
	return cfg, ok
}

// peerOptionsFailed tells of the faults that come before wrong options.
func (a *api) peerOptionsFailed(c *gin.Context, id room.ID) {
	r, err := a.Rooms.Get(c.Request.Context(), id)
	switch limit := r.Config.MaxPeers; {
	case err != nil:
		a.roomFailed(c, id, err)
	case a.PeersDisabled:
		a.peerFailed(c, id, "", room.ErrPeersDisabled)
	case limit != nil && len(r.Peers) >= *limit:
		a.peerFailed(c, id, "", room.ErrPeerLimit)
	default:
		writeError(c.Writer, http.StatusBadRequest, invalidBody)
	}
}

// deletePeer is DELETE /room/:room_id/peer/:id.
func (a *api) deletePeer(c *gin.Context) {
	id, peer := room.ID(c.Param("room_id")), c.Param("id")
	if err := a.Peers.DeletePeer(c.Request.Context(), id, peer); err != nil {
		a.peerFailed(c, id, peer, err)
		return
	}
	noContent(c)
}

func (a *api) peerFailed(c *gin.Context, id room.ID, peer string, err error) {
	switch {
	case errors.Is(err, room.ErrPeerNotFound):
		writeError(c.Writer, http.StatusNotFound, fmt.Sprintf("Peer %s does not exist", peer))
	case errors.Is(err, room.ErrPeersDisabled):
		writeError(c.Writer, http.StatusBadRequest, "Peers of type webrtc are disabled on this Fishjam")
	case errors.Is(err, room.ErrPeerLimit):
		writeError(c.Writer, http.StatusServiceUnavailable, fmt.Sprintf("Reached webrtc peers limit in room %s", id))
	default:
		a.roomFailed(c, id, err)
	}
}
