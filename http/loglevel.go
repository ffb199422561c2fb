package httpapi

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// LogLevel is the level of the program's log: debug, info, warning or error.
type LogLevel interface {
	Level() string
	SetLevel(level string) error
}

type levelJSON struct {
	Level string `json:"level"`
}

func (a *api) showLogLevel(c *gin.Context) {
	writeJSON(c.Writer, http.StatusOK, data{levelJSON{a.LogLevel.Level()}})
}

func (a *api) setLogLevel(c *gin.Context) {
	v, _ := paramsOf(c.Request).get("level")
	level, ok := v.(string)
	if !ok || level == "" || a.LogLevel.SetLevel(level) != nil {
		writeError(c.Writer, http.StatusBadRequest, "Expected level to be debug, info, warning or error, got: "+inspect(v))
		return
	}
	noContent(c)
}
