package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
)

const jsonType = "application/json; charset=utf-8"

// writeJSON answers with v as compact JSON without a trailing newline.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		status = http.StatusInternalServerError
		b.Reset()
		b.WriteString(`{"errors":{"detail":"Internal Server Error"}}` + "\n")
	}
	writeBody(w, status, b.Bytes()[:b.Len()-1])
}

func writeBody(w http.ResponseWriter, status int, body []byte) {
	values := [...]string{jsonType, strconv.Itoa(len(body))} // one allocation
	h := w.Header()
	h["Content-Type"], h["Content-Length"] = values[:1:1], values[1:]
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone; nothing is left to tell it
}

// data is the envelope of every good answer.
type data struct {
	Data any `json:"data"`
}

// failure is the envelope of errors that handlers name.
type failure struct {
	Errors string `json:"errors"`
}

type detail struct {
	Errors struct {
		Detail string `json:"detail"`
	} `json:"errors"`
}

func writeError(w http.ResponseWriter, status int, text string) {
	if !plain(text) {
		writeJSON(w, status, failure{text})
		return
	}
	const before, after = `{"errors":"`, `"}`
	body := make([]byte, 0, len(before)+len(text)+len(after))
	writeBody(w, status, append(append(append(body, before...), text...), after...))
}

// plain says whether a text is the same in JSON.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// writeDetail answers with the framework's form of an error: the status text.
func writeDetail(w http.ResponseWriter, status int) {
	var d detail
	d.Errors.Detail = http.StatusText(status)
	writeJSON(w, status, d)
}

func writeBodyError(w http.ResponseWriter, err error) {
	w.Header().Set("Server", "Fjord")
	if errors.Is(err, errBodyTooLarge) {
		w.Header().Set("Connection", "close")
		writeDetail(w, http.StatusRequestEntityTooLarge)
		return
	}
	writeDetail(w, http.StatusBadRequest)
}

// writeText answers with plain text without a content type, as the original.
func writeText(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h["Content-Type"] = nil
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the client may be gone
}

func noContent(c *gin.Context) {
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
}

func notFound(c *gin.Context) { writeDetail(c.Writer, http.StatusNotFound) }
