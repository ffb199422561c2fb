//go:build e2e

package mixed

import (
	"encoding/json"
	"net/http"

	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/internal/testkit"
)

// clusterOf is GET /cluster; empty when it does not answer.
func clusterOf(f *testkit.Fjord) httpapi.ClusterReport {
	var answer struct{ Data httpapi.ClusterReport }
	status, body, err := f.Do(http.MethodGet, "/cluster", "")
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &answer) != nil {
		return httpapi.ClusterReport{}
	}
	return answer.Data
}

// peerOf is what a node says of another in GET /cluster.
func peerOf(f *testkit.Fjord, name string) httpapi.ClusterNode {
	for _, n := range clusterOf(f).Nodes {
		if n.Node == name {
			return n
		}
	}
	return httpapi.ClusterNode{}
}

// has says whether a room is on the node asked.
func has(f *testkit.Fjord, id string) bool {
	status, _, err := f.Do(http.MethodGet, "/room/"+id, "")
	return err == nil && status == http.StatusOK
}

// rooms is the number of rooms of a node, -1 when it does not answer.
func rooms(f *testkit.Fjord) int { return len(roomIDs(f)) }

// roomIDs lists the rooms of a node.
func roomIDs(f *testkit.Fjord) []string {
	var answer struct {
		Data []struct {
			ID string `json:"id"`
		}
	}
	status, body, err := f.Do(http.MethodGet, "/room", "")
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &answer) != nil {
		return nil
	}
	ids := []string{}
	for _, r := range answer.Data {
		ids = append(ids, r.ID)
	}
	return ids
}
