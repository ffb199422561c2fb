package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"

	httpapi "github.com/fjord-media/fjord/http"
)

// runCheck asks the server of this machine about itself and, with --peers, about
// the other nodes. Status 0: it is ready, and every node it looks for is linked.
func runCheck(c call) int {
	peers := false
	rest := slices.DeleteFunc(slices.Clone(c.args), func(arg string) bool {
		is := arg == "--peers" || arg == "-peers"
		peers = peers || is
		return is
	})
	cfg, _, status, ok := load(c, "check", rest)
	if !ok {
		return status
	}
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()
	answer, err := askServer(ctx, cfg, http.MethodGet, "/cluster", nil, http.StatusOK)
	var body struct{ Data httpapi.ClusterReport }
	if err == nil {
		err = json.Unmarshal(answer, &body)
	}
	if err != nil {
		_, _ = fmt.Fprintln(c.stderr, "fjord check:", err)
		return exitFailure
	}
	if !printSelf(c, body.Data) {
		status = exitFailure
	}
	if peers && !printPeers(c, body.Data.Nodes) {
		status = exitFailure
	}
	return status
}

// printSelf shows this node and says whether all is well with it.
func printSelf(c call, r httpapi.ClusterReport) bool {
	name := r.Node
	if name == "" {
		name = "standalone node"
	}
	state := "ready"
	if r.NotReady != "" {
		state = "not ready: " + r.NotReady
	}
	expected := ""
	if r.ExpectedNodes > 0 {
		expected = fmt.Sprintf(" of %d", r.ExpectedNodes)
	}
	_, _ = fmt.Fprintf(c.stdout, "%s: %s; release %s, %s, %s%s\n",
		name, state, r.Release, loadOf(r.Usage), count(r.Members, "member"), expected)
	for _, w := range r.Warnings {
		_, _ = fmt.Fprintln(c.stdout, "warning:", w)
	}
	return r.NotReady == "" && r.Members >= r.ExpectedNodes
}

// printPeers shows the other nodes, a line each, and says whether all those that
// are looked for are linked.
func printPeers(c call, nodes []httpapi.ClusterNode) bool {
	fine := true
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, n := range nodes {
		since := ""
		if n.Since != nil {
			since = "for " + time.Since(*n.Since).Truncate(time.Second).String()
		}
		kind := n.Kind
		if n.Release != "" {
			kind += " " + n.Release
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", n.Node, n.State, since, kind, detailOf(n))
		fine = fine && (n.State == "up" || !n.Wanted)
	}
	if err := table.Flush(); err != nil {
		return false
	}
	return fine
}

// detailOf is the load of a node, or why it is not linked.
func detailOf(n httpapi.ClusterNode) string {
	text := ""
	switch {
	case n.State != "up" && n.Detail != "":
		text = n.Reason + ": " + n.Detail
	case n.Usage != nil && !n.Refusing:
		text = loadOf(*n.Usage)
	case n.Usage != nil:
		text = count(n.Usage.Rooms, "room") + ", takes no new ones"
	case n.LeftOut:
		text = "did not answer in time, left out"
	}
	if n.NextRetry != nil {
		text += fmt.Sprintf(" (attempt %d in %s)", n.Attempts+1, max(0, time.Until(*n.NextRetry)).Round(time.Second))
	}
	return text
}

// loadOf says what a node has.
func loadOf(u httpapi.UsageJSON) string {
	return count(u.Rooms, "room") + ", " + count(u.ForwardedTracks, "forwarded track")
}

// count puts a number before what is counted.
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
