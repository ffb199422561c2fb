package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/room"
)

// With request routing a roomId of the client is not even looked at.
func TestRoomIDIsIgnoredWithRouting(t *testing.T) {
	api := newTestAPI(func(o *httpapi.Options) { o.IgnoreRoomID = true })
	for _, body := range []string{`{"roomId":"mine"}`, `{"roomId":"mine"}`, `{"roomId":"not an id"}`, `{"roomId":5}`, `{"roomId":{}}`} {
		answer := drive(t, api, http.MethodPost, "/room", body)
		text := fmt.Sprint(answer)
		if answer.StatusCode != http.StatusCreated || strings.Contains(text, `"id":"mine"`) {
			t.Errorf("%s: %s", body, text)
		}
	}
	if answer := drive(t, api, http.MethodPost, "/room", `{"roomId":"mine","maxPeers":"x"}`); answer.StatusCode != http.StatusBadRequest {
		t.Errorf("other fields are not checked: %d", answer.StatusCode)
	}
}

// Files of a room on another node are redirected to, with their query.
func TestHLSElsewhere(t *testing.T) {
	api := newTestAPI(func(o *httpapi.Options) {
		o.RoomElsewhere = func(_ context.Context, id room.ID) (string, bool, error) {
			switch id {
			case "there":
				return "other.example:8080", true, nil
			case "bad":
				return "", false, fmt.Errorf("room: %w", room.ErrInvalidID)
			case "unknown":
				return "", false, fmt.Errorf("room: %w", room.ErrNotFound)
			case "frozen":
				return "", false, fmt.Errorf("room: %w", room.ErrUnreachable)
			}
			return "", false, nil
		}
	})
	for url, want := range map[string]struct {
		status         int
		location, body string
	}{
		"/hls/there/index.m3u8":                          {301, "http://other.example:8080/hls/there/index.m3u8", "href"},
		"/hls/there/v.m3u8?_HLS_msn=3&_HLS_part=1":       {301, "http://other.example:8080/hls/there/v.m3u8?_HLS_msn=3&_HLS_part=1", ""},
		"/hls/there/a%20b.m4s?x=%2F":                     {301, "http://other.example:8080/hls/there/a%20b.m4s?x=%2F", ""},
		"https://here.example/hls/there/index.m3u8?_a=1": {301, "https://other.example:8080/hls/there/index.m3u8?_a=1", ""},
		"/hls/there/..":                                  {400, "", "Invalid filename, got .."},
		"/hls/here/index.m3u8":                           {404, "", "File not found"},
		"/hls/bad/index.m3u8":                            {400, "", "Invalid room ID: bad"},
		"/hls/unknown/index.m3u8":                        {404, "", "Room unknown does not exist"},
		"/hls/frozen/index.m3u8":                         {503, "", "Unable to reach Fishjam instance holding room frozen"},
	} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil)) // https: with TLS
		if w.Code != want.status || w.Header().Get("Location") != want.location || !strings.Contains(w.Body.String(), want.body) {
			t.Errorf("%s: %d %q %s", url, w.Code, w.Header().Get("Location"), w.Body)
		}
		if w.Code == http.StatusMovedPermanently && !strings.Contains(w.Header().Get("Cache-Control"), "max-age=0") {
			t.Errorf("%s: kept by caches: %q", url, w.Header().Get("Cache-Control"))
		}
	}
}
