package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/fjord-media/fjord/room"
)

// dial is POST /sip/:room_id/:component_id/call. Numbers and null pass, as in
// the original; objects and lists fail there.
func (a *api) dial(c *gin.Context) {
	id, component := room.ID(c.Param("room_id")), c.Param("component_id")
	number, ok := paramsOf(c.Request).get("phoneNumber")
	switch number.(type) {
	case nil, string, json.Number, bool:
	default:
		ok = false
	}
	if !ok {
		writeError(c.Writer, http.StatusBadRequest, invalidBody)
		return
	}
	if err := a.Components.Dial(c.Request.Context(), id, component, inspect(number)); err != nil {
		a.noComponent(c, http.StatusBadRequest, id, component, err)
		return
	}
	writeText(c.Writer, http.StatusCreated, "Successfully schedule calling phone_number: "+inspect(number))
}

// endCall is DELETE /sip/:room_id/:component_id/call.
func (a *api) endCall(c *gin.Context) {
	id, component := room.ID(c.Param("room_id")), c.Param("component_id")
	if err := a.Components.EndCall(c.Request.Context(), id, component); err != nil {
		a.noComponent(c, http.StatusBadRequest, id, component, err)
		return
	}
	noContent(c)
}
