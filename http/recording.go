package httpapi

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/gin-gonic/gin"

	"github.com/fjord-media/fjord/room"
)

// recordings is the folder of recordings below the resources.
func (a *api) recordings() string { return filepath.Join(a.Resources, "recordings") }

// inner says whether a name from a client is one step down, and no way out.
func inner(name string) bool {
	return filepath.IsLocal(name) && name != "." && filepath.Base(name) == name
}

// listRecordings is GET /recording. A folder that is not there yet is empty.
func (a *api) listRecordings(c *gin.Context) {
	entries, err := os.ReadDir(a.recordings())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		writeError(c.Writer, http.StatusNotFound, "Unable to obtain recordings")
		return
	}
	ids := []string{}
	for _, e := range entries {
		if e.IsDir() {
			ids = append(ids, e.Name())
		}
	}
	writeJSON(c.Writer, http.StatusOK, data{ids})
}

// deleteRecording is DELETE /recording/:recording_id.
func (a *api) deleteRecording(c *gin.Context) {
	id := c.Param("recording_id")
	if !inner(id) {
		writeError(c.Writer, http.StatusBadRequest, "Invalid recording id, got: "+id)
		return
	}
	folder := filepath.Join(a.recordings(), id)
	if info, err := os.Lstat(folder); err != nil || !info.IsDir() {
		writeError(c.Writer, http.StatusNotFound, "Recording not found")
		return
	}
	if err := os.RemoveAll(folder); err != nil {
		a.internalError(c, err)
		return
	}
	noContent(c)
}

// recordingFile is GET /recording/:recording_id/:filename, for anybody.
func (a *api) recordingFile(c *gin.Context) {
	id, name := c.Param("recording_id"), c.Param("filename")
	switch {
	case !inner(id):
		writeError(c.Writer, http.StatusBadRequest, "Invalid recording, got: "+id)
	case !inner(name):
		writeError(c.Writer, http.StatusBadRequest, "Invalid filename, got: "+name)
	default:
		serveFile(c, filepath.Join(a.recordings(), id), name)
	}
}

// hlsFile is GET /hls/:room_id/:filename, for anybody. No room of this node
// streams: nothing is found here, but the files of another node's room are
// redirected to.
func (a *api) hlsFile(c *gin.Context) {
	if name := c.Param("filename"); !inner(name) {
		writeError(c.Writer, http.StatusBadRequest, "Invalid filename, got "+name)
		return
	}
	if a.RoomElsewhere == nil {
		fileNotFound(c)
		return
	}
	id := room.ID(c.Param("room_id"))
	address, elsewhere, err := a.RoomElsewhere(c.Request.Context(), id)
	switch {
	case err != nil:
		a.roomFailed(c, id, err)
	case !elsewhere:
		fileNotFound(c)
	default:
		c.Redirect(http.StatusMovedPermanently, elsewhereURL(c.Request, address))
	}
}

// elsewhereURL is a request's URL at another node, with its query string: the
// original loses that, and blocking playlist requests with it. Its status is
// the original's 301, which caches do not keep since all answers say max-age=0.
func elsewhereURL(r *http.Request, address string) string {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + address + r.URL.RequestURI()
}

func fileNotFound(c *gin.Context) { writeError(c.Writer, http.StatusNotFound, "File not found") }

// serveFile answers with a file below folder, links that lead out excluded.
func serveFile(c *gin.Context, folder, name string) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		fileNotFound(c)
		return
	}
	defer root.Close()
	file, err := root.Open(name)
	if err != nil {
		fileNotFound(c)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		fileNotFound(c)
		return
	}
	c.Writer.Header()["Content-Type"] = nil // none, and none guessed
	if filepath.Ext(name) == ".m3u8" {
		c.Header("Content-Type", "application/vnd.apple.mpegurl")
	}
	http.ServeContent(c.Writer, c.Request, name, info.ModTime(), file)
}
