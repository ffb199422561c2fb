package httpapi

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/gin-gonic/gin"
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
// streams: nothing is found.
func (a *api) hlsFile(c *gin.Context) {
	if name := c.Param("filename"); !inner(name) {
		writeError(c.Writer, http.StatusBadRequest, "Invalid filename, got "+name)
		return
	}
	fileNotFound(c)
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
