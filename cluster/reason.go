package cluster

import (
	"errors"
	"strings"

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

// notThere says that nobody answered where the node should be: it has not
// started, or not yet. To ask again costs next to nothing.
func (r Reason) notThere() bool {
	for _, err := range []error{node.ErrHostUnresolvable, node.ErrEPMDRefused, node.ErrNotRegistered, node.ErrDialRefused} {
		if errors.Is(r.Err, err) {
			return true
		}
	}
	return false
}

// String is the kind and the story, without the words that say the kind again.
func (r Reason) String() string { return r.about("") }

// about is String behind the name of the node, which is not said again.
func (r Reason) about(name string) string {
	if r.Err == nil {
		return "unknown"
	}
	story := strings.TrimPrefix(r.Err.Error(), "connect to "+name+": ")
	if rest, again := strings.CutPrefix(story, strings.ReplaceAll(r.Kind, "_", " ")); again && (rest == "" || rest[0] == ' ' || rest[0] == ':') {
		return r.Kind + rest
	}
	return r.Kind + ": " + story
}
