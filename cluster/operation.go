package cluster

import (
	"errors"
	"fmt"

	"github.com/fjord-media/fjord/node/etf"
	"github.com/fjord-media/fjord/room"
)

// Operations on a room of another node: the answers {ok, Value}, ok and
// {error, Reason}, in both directions.

// failures pairs the errors of rooms with the reasons of the original. A kind
// of peer or component goes with some: {reached_peers_limit, <<"webrtc">>}.
func failures() []struct {
	err    error
	reason etf.Atom
	kind   bool
} {
	return []struct {
		err    error
		reason etf.Atom
		kind   bool
	}{
		{room.ErrNotFound, atomNotFound, false},
		{room.ErrExists, atomExists, false},
		{room.ErrPeerNotFound, atomPeerNotFound, false},
		{room.ErrComponentNotFound, atomComponentNotFound, false},
		{room.ErrPeersDisabled, atomPeerDisabled, true},
		{room.ErrPeerLimit, atomPeerLimit, true},
		{room.ErrComponentsDisabled, atomComponentDisabled, true},
	}
}

// failureTerm is {error, Reason}; ok is false for errors that the original has
// no word for: the caller raises those.
func failureTerm(err error, kind string) (t etf.Term, ok bool) {
	for _, f := range failures() {
		switch {
		case !errors.Is(err, f.err):
		case f.kind:
			return etf.Tuple{atomError, etf.Tuple{f.reason, []byte(kind)}}, true
		default:
			return etf.Tuple{atomError, f.reason}, true
		}
	}
	return nil, false
}

// errAnswer says that the owner of a room refused for a reason we do not know.
var errAnswer = errors.New("the owner of the room refused")

// parseAnswer reads ok, {ok, Value} or {error, Reason}; other terms are values.
func parseAnswer(t etf.Term) (etf.Term, error) {
	if isAtom(t, atomError) {
		return nil, errAnswer
	}
	tuple, ok := t.(etf.Tuple)
	if !ok || len(tuple) != 2 {
		return t, nil
	}
	switch {
	case isAtom(tuple[0], atomOK):
		return tuple[1], nil
	case isAtom(tuple[0], atomError):
		return nil, parseFailure(tuple[1])
	}
	return t, nil
}

func parseFailure(reason etf.Term) error {
	word := reason
	if tuple, ok := reason.(etf.Tuple); ok && len(tuple) > 0 {
		word = tuple[0]
	}
	for _, f := range failures() {
		if isAtom(word, f.reason) {
			return f.err
		}
	}
	return fmt.Errorf("%w: %s", errAnswer, etf.String(reason))
}

// optionsTerm is a map of options with the keys of JSON as binaries.
func optionsTerm(options map[string]any) etf.Term {
	if options == nil {
		return etf.Map{}
	}
	return jsonTerm(options)
}

// parseOptions reads a map of options.
func parseOptions(t etf.Term) map[string]any {
	options, _ := termJSON(t).(map[string]any)
	return options
}

// peerOptions are the options of a peer as REST has them.
func peerOptions(cfg room.PeerConfig) map[string]any {
	return map[string]any{"enableSimulcast": cfg.EnableSimulcast}
}

// kindOf reads the kind of a peer or component from its module, "" when it is
// not one of ours.
func kindOf(module etf.Term, prefix string) string {
	kind, err := typeOf(etf.Map{{Key: etf.Atom("type"), Value: module}}, prefix)
	if err != nil {
		return ""
	}
	return kind
}
