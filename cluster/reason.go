package cluster

import (
	"github.com/fjord-media/fjord/node"
)

// Reason says why a node is not linked.
type Reason struct {
	// Kind is a short stable word, fit for a metric's label: epmd_refused,
	// not_registered, cookie_mismatch, ticked_out … (node.ReasonOf); "" when
	// there is none.
	Kind string
	Err  error // the whole story
}

func reasonOf(err error) Reason {
	if err == nil {
		return Reason{}
	}
	return Reason{Kind: node.ReasonOf(err), Err: err}
}

// String is the kind and the story.
func (r Reason) String() string {
	if r.Err == nil {
		return "unknown"
	}
	return r.Kind + ": " + r.Err.Error()
}
