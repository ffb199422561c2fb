package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/room"
)

// BenchmarkREST measures requests without a socket; "gin" is the framework's
// own limit, an empty handler.
func BenchmarkREST(b *testing.B) {
	gin.SetMode(gin.ReleaseMode)
	empty := gin.New()
	empty.GET("/health", func(c *gin.Context) { c.Status(http.StatusOK) })
	api := newTestAPI(nil)
	for _, c := range []struct {
		name, method, path, body string
		handler                  http.Handler
	}{
		{"gin", "GET", "/health", "", empty},
		{"health", "GET", "/health", "", api},
		{"no room", "GET", "/room/x", "", api},
		{"refused room", "POST", "/room", `{"roomId":"a b"}`, api},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
				r.Header.Set("Authorization", "Bearer token")
				r.Header.Set("Content-Type", "application/json")
				c.handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

// BenchmarkNotify measures an event for n listeners that nobody reads: what a
// room's goroutine pays.
func BenchmarkNotify(b *testing.B) {
	for _, n := range []int{0, 1, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			s := httpapi.SocketsForTest(n)
			for b.Loop() {
				s.Notify(room.PeerAdded{ID: "room", Peer: "peer"})
			}
		})
	}
}
