package cluster

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/fjord-media/fjord/node"
)

func TestReasonSaysThingsOnce(t *testing.T) {
	for _, c := range []struct {
		reason Reason
		want   string
	}{
		{Reason{}, "unknown"},
		{reasonOf(node.ErrClosedByPeer), "closed_by_peer"},
		{reasonOf(fmt.Errorf("%w (%w)", node.ErrClosedByPeer, io.EOF)), "closed_by_peer (EOF)"},
		{reasonOf(fmt.Errorf("%w: nothing came", node.ErrTickedOut)), "ticked_out: nothing came"},
		{reasonOf(fmt.Errorf("link to f1@h: %w", node.ErrTickedOut)), "ticked_out: link to f1@h: ticked out"},
		{reasonOf(node.ErrNotRegistered), "not_registered: EPMD on the peer's host does not know the node"},
		{Reason{Kind: "other", Err: errors.New("otherwise")}, "other: otherwise"},
	} {
		if got := c.reason.String(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
