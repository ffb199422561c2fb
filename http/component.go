package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/fjord-media/fjord/room"
)

// addComponent is POST /room/:room_id/component. The checks come in the
// original's order, all before the room is touched.
func (a *api) addComponent(c *gin.Context) {
	p := paramsOf(c.Request)
	id := room.ID(c.Param("room_id"))
	kind, ok := p.get("type")
	if !ok {
		writeError(c.Writer, http.StatusBadRequest, invalidBody)
		return
	}
	rules, ok := componentRules(kind)
	if !ok {
		writeError(c.Writer, http.StatusBadRequest, "Invalid component type")
		return
	}
	r, err := a.Rooms.Get(c.Request.Context(), id)
	if err != nil {
		a.roomFailed(c, id, err)
		return
	}
	if fault := a.componentFault(rules, r); fault != "" {
		writeError(c.Writer, http.StatusBadRequest, fault)
		return
	}
	options, fault := rules.read(p)
	if fault != "" {
		writeError(c.Writer, http.StatusBadRequest, fault)
		return
	}
	added, err := a.Components.AddComponent(c.Request.Context(), id, room.ComponentConfig{Type: rules.name, Options: options})
	if err != nil {
		a.componentFailed(c, id, rules.name, err)
		return
	}
	writeJSON(c.Writer, http.StatusCreated, data{componentToJSON(added)})
}

func disabledComponent(kind string) string {
	return fmt.Sprintf("Components of type %s are disabled on this Fishjam", kind)
}

// componentFault is what a room or this node has against a component.
func (a *api) componentFault(rules componentRule, r room.Room) string {
	codec := r.Config.VideoCodec
	sameType := func(c room.Component) bool { return c.Type == rules.name }
	switch {
	case !slices.Contains(a.ComponentsUsed, rules.name):
		return disabledComponent(rules.name)
	case rules.h264 && (codec == nil || *codec != "h264"):
		return fmt.Sprintf("Incompatible video codec enforced in room %s", r.ID)
	case rules.single && slices.ContainsFunc(r.Components, sameType):
		return fmt.Sprintf("Reached %s components limit in room %s", rules.name, r.ID)
	}
	return ""
}

func (a *api) componentFailed(c *gin.Context, id room.ID, kind string, err error) {
	if errors.Is(err, room.ErrComponentsDisabled) {
		writeError(c.Writer, http.StatusBadRequest, disabledComponent(kind))
		return
	}
	a.roomFailed(c, id, err)
}

// deleteComponent is DELETE /room/:room_id/component/:id.
func (a *api) deleteComponent(c *gin.Context) {
	id, component := room.ID(c.Param("room_id")), c.Param("id")
	if err := a.Components.DeleteComponent(c.Request.Context(), id, component); err != nil {
		a.noComponent(c, http.StatusNotFound, id, component, err)
		return
	}
	noContent(c)
}

// noComponent answers with status where the original says that a component
// does not exist: not the same everywhere.
func (a *api) noComponent(c *gin.Context, status int, id room.ID, component string, err error) {
	if errors.Is(err, room.ErrComponentNotFound) {
		writeError(c.Writer, status, fmt.Sprintf("Component %s does not exist", component))
		return
	}
	a.roomFailed(c, id, err)
}

// subscribe is POST /room/:room_id/component/:id/subscribe.
func (a *api) subscribe(c *gin.Context) {
	id, component := room.ID(c.Param("room_id")), c.Param("id")
	origins, ok := paramsOf(c.Request).get("origins")
	if !ok {
		writeError(c.Writer, http.StatusBadRequest, invalidBody)
		return
	}
	if err := a.Components.Subscribe(c.Request.Context(), id, component, texts(origins)); err != nil {
		a.noComponent(c, http.StatusBadRequest, id, component, err)
		return
	}
	writeText(c.Writer, http.StatusCreated, "Successfully subscribed for tracks")
}

// texts are the strings of a list; the original does not look at the rest.
func texts(v any) []string {
	list, _ := v.([]any)
	var s []string
	for _, e := range list {
		if text, ok := e.(string); ok {
			s = append(s, text)
		}
	}
	return s
}
