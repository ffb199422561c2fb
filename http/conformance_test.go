package httpapi_test

import (
	"net/http"
	"path/filepath"
	"testing"

	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/internal/testkit/rest"
)

// TestConformance runs the tables of testdata/rest against the handler on a real socket.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("../testdata/rest/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conformance tables found: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			rest.Run(t, startSurface(t, nil).URL, http.Header{"Authorization": {"Bearer token"}}, file)
		})
	}
}

func newTestAPI(change func(*httpapi.Options)) http.Handler {
	opts := httpapi.Options{
		Rooms: newFakeRooms(), Distribution: pair{}, Token: "token", Version: "0.6.3", GitCommit: "dev",
	}
	if change != nil {
		change(&opts)
	}
	return httpapi.New(opts)
}

type pair struct{}

func (pair) Enabled() bool       { return true }
func (pair) Up() bool            { return true }
func (pair) NodesInCluster() int { return 2 }
