package httpapi

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// acceptJSON refuses clients that do not take JSON. A _format parameter beats
// the Accept header; a present but empty Accept takes nothing.
func acceptJSON(c *gin.Context) {
	if format, ok := paramsOf(c.Request).get("_format"); ok {
		if format != "json" {
			abortNotAcceptable(c)
		}
		return
	}
	headers := c.Request.Header.Values("Accept")
	if len(headers) > 0 && !takesJSON(strings.Join(headers, ",")) {
		abortNotAcceptable(c)
	}
}

func takesJSON(accept string) bool {
	for entry := range strings.SplitSeq(accept, ",") {
		media, _, _ := strings.Cut(entry, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "application/json", "application/*", "*/*":
			return true
		}
	}
	return false
}

func abortNotAcceptable(c *gin.Context) {
	c.Abort()
	writeDetail(c.Writer, http.StatusNotAcceptable)
}
