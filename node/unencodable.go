package node

import (
	"github.com/fjord-media/fjord/node/dist"
	"github.com/fjord-media/fjord/node/etf"
)

// unencodable replaces the reason of an exit signal that could not be encoded,
// at most once.
func unencodable(sig dist.Signal) (dist.Signal, bool) {
	switch s := sig.(type) {
	case dist.SigMonitorExit:
		s.Reason = plainReason(s.Reason)
		return s, true
	case dist.SigExit:
		s.Reason = plainReason(s.Reason)
		return s, true
	}
	return nil, false
}

// plainReason is what stands for a reason that is no term; the result of a call
// stays one.
func plainReason(reason etf.Term) etf.Term {
	const what = etf.Atom("unencodable")
	if t, ok := reason.(etf.Tuple); ok && len(t) >= 3 {
		if ref, ok := t[0].(etf.Ref); ok {
			return etf.Tuple{ref, atomError, what, etf.List{}}
		}
	}
	return what
}
