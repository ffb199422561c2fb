//go:build e2e

package browser

import (
	"net/http"
	"strings"
	"testing"
)

// A peer leaves and comes back with the same token.
func TestRejoinWithTheSameToken(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		b := m.join("b")
		other := b.camera(nil)
		invitation := m.invite()
		for range 2 {
			a := open(t, sdk, "a")
			invitation.enter(a, nil)
			b.progress(a.both()...)
			a.progress(other)
			left := b.look().emitted("peerLeft", invitation.Peer)
			a.call("disconnect", nil, nil)
			b.until(joinLimit, "sees a leave", func(v view) bool {
				return v.emitted("peerLeft", invitation.Peer) == left+1 && len(v.Tracks) == 0
			})
			b.until(joinLimit, "is alone by REST", func(view) bool {
				room := m.rest(http.MethodGet, "/room/"+m.room, http.StatusOK)
				return strings.Count(room, `"status":"disconnected"`) == 1
			})
		}
	})
}

// Leaving the media ends them for others, though the socket stays open.
func TestLeave(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a, b := m.join("a"), m.join("b")
		b.progress(a.both()...)
		id := a.id()
		a.call("leave", nil, nil)
		b.until(joinLimit, "sees a leave", func(v view) bool { return v.emitted("peerLeft", id) == 1 && len(v.Tracks) == 0 })
		if v := a.look(); v.emitted("socketClose", "") != 0 {
			t.Errorf("the socket is closed: %v", v.Events)
		}
	})
}

// A peer and then the room are removed by REST: sockets close with the
// original's reasons, others lose the peer.
func TestRemovalByREST(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		a, b := m.join("a"), m.join("b")
		b.progress(a.both()...)
		id := a.id()
		m.rest(http.MethodDelete, "/room/"+m.room+"/peer/"+id, http.StatusNoContent)
		a.until(joinLimit, "is removed", func(v view) bool { return v.emitted("socketClose", "1000 Peer removed") == 1 })
		b.until(joinLimit, "sees a go", func(v view) bool { return v.emitted("peerLeft", id) == 1 && len(v.Tracks) == 0 })
		m.rest(http.MethodDelete, "/room/"+m.room, http.StatusNoContent)
		b.until(joinLimit, "loses the room", func(v view) bool { return v.emitted("socketClose", "1000 Room stopped") == 1 })
	})
}

// Wrong tokens are refused with the reasons that the SDKs know.
func TestRefusedTokens(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		used := m.invite()
		a := open(t, sdk, "a")
		used.enter(a, nil)
		removed, wrong := m.invite(), m.invite()
		m.rest(http.MethodDelete, "/room/"+m.room+"/peer/"+removed.Peer, http.StatusNoContent)
		wrong.Token = "SFMyNTY.wrong." + wrong.Token
		refused(t, sdk, used, "peer already connected")
		refused(t, sdk, removed, "peer not found")
		refused(t, sdk, wrong, "invalid token")
		if v := a.look(); v.emitted("socketClose", "") != 0 {
			t.Errorf("the one who was in is out: %v", v.Events)
		}
		m.rest(http.MethodDelete, "/room/"+m.room, http.StatusNoContent)
		refused(t, sdk, used, "room not found")
	})
}

// refused tries an invitation and expects a reason. Newer SDKs tell the
// application, and do not try again.
func refused(t *testing.T, sdk string, i invitation, reason string) {
	t.Helper()
	p := open(t, sdk, reason)
	i.try(p, map[string]any{"reconnect": true})
	v := p.until(joinLimit, "is refused", func(v view) bool { return v.emitted("socketClose", "") > 0 })
	if v.emitted("socketClose", "1000 "+reason) != 1 || v.emitted("joined", "") != 0 {
		t.Errorf("events %v, want a close because of %q", v.Events, reason)
	}
	if !oldest(sdk) && v.emitted("authError", reason) != 1 {
		t.Errorf("events %v, want authError %q", v.Events, reason)
	}
}

// The socket's connection breaks: the SDK comes back by itself with its
// tracks, under new ids. The oldest SDK cannot; there the peer is gone.
func TestSocketDrop(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		m := meet(t, sdk, "")
		b := m.join("b")
		other := b.both()
		link := throughLink(t, m.node.API)
		invitation := m.invite()
		invitation.Host = link.address()
		a := open(t, sdk, "a")
		invitation.enter(a, map[string]any{"reconnect": true})
		lost := a.camera(nil)
		b.progress(lost)
		a.progress(other...)
		link.cut()
		b.until(joinLimit, "sees a go", func(v view) bool { return v.emitted("peerLeft", invitation.Peer) == 1 })
		if oldest(sdk) {
			return
		}
		a.until(joinLimit, "is back", func(v view) bool { return v.emitted("joined", "") == 2 })
		v := b.until(mediaLimit, "has a's camera again", func(v view) bool { return len(v.from(invitation.Peer, "video")) == 1 })
		for id := range v.from(invitation.Peer, "video") {
			if id == lost {
				t.Errorf("the track came back as %s, which was removed", id)
			}
			b.progress(id)
		}
		a.progress(other...)
	})
}
