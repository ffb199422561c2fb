package httpapi

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/fjord-media/fjord/room"
)

// createdJSON is the answer to POST /room. Both address keys are given so that
// Fishjam's and Jellyfish's clients find theirs.
type createdJSON struct {
	FishjamAddress   string   `json:"fishjam_address"`
	JellyfishAddress string   `json:"jellyfish_address"`
	Room             roomJSON `json:"room"`
}

// createRoom is POST /room.
func (a *api) createRoom(c *gin.Context) {
	cfg, err := roomConfig(paramsOf(c.Request), a.IgnoreRoomID)
	if err != nil {
		writeError(c.Writer, http.StatusBadRequest, err.Error())
		return
	}
	created, err := a.Rooms.Create(c.Request.Context(), cfg)
	if err != nil {
		if cfg.RoomID == "" {
			cfg.RoomID = created.Room.ID
		}
		a.createFailed(c, cfg.RoomID, err)
		return
	}
	writeJSON(c.Writer, http.StatusCreated, data{createdJSON{
		FishjamAddress:   created.Address,
		JellyfishAddress: created.Address,
		Room:             toJSON(created.Room),
	}})
}

// createErrors maps refusals of a creation to status and the text's ending.
var createErrors = []struct {
	err    error
	status int
	text   string
}{
	{room.ErrExists, http.StatusBadRequest, "room already exists"},
	{room.ErrUnreachable, http.StatusServiceUnavailable, "unable to communicate with designated Fishjam instance"},
	{room.ErrDraining, http.StatusServiceUnavailable, "this Fishjam instance takes no new rooms"},
}

func (a *api) createFailed(c *gin.Context, id room.ID, err error) {
	for _, e := range createErrors {
		if errors.Is(err, e.err) {
			writeError(c.Writer, e.status, fmt.Sprintf("Cannot add room with id %q - %s", string(id), e.text))
			return
		}
	}
	a.internalError(c, err)
}

// listRooms is GET /room.
func (a *api) listRooms(c *gin.Context) {
	rooms, err := a.Rooms.List(c.Request.Context())
	if err != nil {
		a.internalError(c, err)
		return
	}
	list := make([]roomJSON, len(rooms))
	for i, r := range rooms {
		list[i] = toJSON(r)
	}
	writeJSON(c.Writer, http.StatusOK, data{list})
}

// showRoom is GET /room/:room_id.
func (a *api) showRoom(c *gin.Context) {
	id := room.ID(c.Param("room_id"))
	r, err := a.Rooms.Get(c.Request.Context(), id)
	if err != nil {
		a.roomFailed(c, id, err)
		return
	}
	writeJSON(c.Writer, http.StatusOK, data{toJSON(r)})
}

// deleteRoom is DELETE /room/:room_id. It answers when the room has ended.
func (a *api) deleteRoom(c *gin.Context) {
	id := room.ID(c.Param("room_id"))
	if err := a.Rooms.Delete(c.Request.Context(), id); err != nil {
		a.roomFailed(c, id, err)
		return
	}
	noContent(c)
}

func (a *api) roomFailed(c *gin.Context, id room.ID, err error) {
	switch {
	case errors.Is(err, room.ErrNotFound):
		writeError(c.Writer, http.StatusNotFound, "Room "+string(id)+" does not exist")
	case errors.Is(err, room.ErrInvalidID):
		writeError(c.Writer, http.StatusBadRequest, fmt.Sprintf("Invalid room ID: %s", id))
	case errors.Is(err, room.ErrUnreachable):
		writeError(c.Writer, http.StatusServiceUnavailable,
			fmt.Sprintf("Unable to reach Fishjam instance holding room %s", id))
	default:
		a.internalError(c, err)
	}
}

func (a *api) internalError(c *gin.Context, err error) {
	a.Logger.ErrorContext(c.Request.Context(), "request failed",
		"request_id", c.Writer.Header().Get("X-Request-Id"),
		"method", c.Request.Method, "path", c.Request.URL.Path, "error", err)
	writeDetail(c.Writer, http.StatusInternalServerError)
}
