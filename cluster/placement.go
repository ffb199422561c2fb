package cluster

import (
	"cmp"
	"slices"
	"time"

	"github.com/fjord-media/fjord/room"
)

// Load is one member as placement sees it.
type Load struct {
	Node  string
	Usage room.Usage
	// InFlight corrects the rooms of Usage by creations on their way. It may be
	// negative.
	InFlight int

	served   int       // orders of this node that Usage shows; -1: the member does not tell
	underWay int       // creations that the member has under way as we do
	fresh    int       // rooms of Usage that are new
	at       time.Time // when the answer came; zero: now
}

// Choose picks the member for the next room: the least forwarded tracks, then
// the least rooms, then the last of [self | others sorted by name], which is
// where Fishjam 0.6.3 ends on a complete tie. Creations in flight count as
// rooms unless the plain rule of the original is asked for. The order of loads
// does not matter. It reports false when loads is empty.
func Choose(loads []Load, self string, plain bool) (string, bool) {
	if len(loads) == 0 {
		return "", false
	}
	best := slices.MinFunc(loads, func(a, b Load) int {
		return cmp.Or(
			cmp.Compare(a.Usage.ForwardedTracks, b.Usage.ForwardedTracks),
			cmp.Compare(a.rooms(plain), b.rooms(plain)),
			comparePlace(b.Node, a.Node, self), // the later place wins
		)
	})
	return best.Node, true
}

func (l Load) rooms(plain bool) int {
	if plain {
		return l.Usage.Rooms
	}
	return l.Usage.Rooms + l.InFlight
}

// comparePlace orders names as [self | others sorted].
func comparePlace(a, b, self string) int {
	switch {
	case a == b:
		return 0
	case a == self:
		return -1
	case b == self:
		return 1
	}
	return cmp.Compare(a, b)
}
