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

func TestReasonAboutANode(t *testing.T) {
	r := reasonOf(fmt.Errorf("connect to f1@h: 10.0.0.1: %w", node.ErrDialRefused))
	const want = "dial_refused: 10.0.0.1: the peer's distribution port refuses connections"
	if got := r.about("f1@h"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := reasonOf(fmt.Errorf("connect to f1@h: %w", node.ErrClosedByPeer)).about("f1@h"); got != "closed_by_peer" {
		t.Errorf("%q", got)
	}
}
