//go:build e2e

package browser

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// page is one peer in the browser.
type page struct {
	t      *testing.T
	bridge *bridge
	number int
	name   string
}

// view is what a page knows of its room (page.js, look).
type view struct {
	ID       string
	Events   []event
	Peers    map[string]any // other peers' metadata
	Tracks   map[string]remote
	Outbound []outbound
	Relay    string // transport to the TURN server
}

// event is one that the SDK emitted.
type event struct{ Name, Detail string }

// remote is a track of another peer.
type remote struct {
	Peer, Kind, Encoding, Codec, Voice string
	Metadata                           any
	Simulcast                          struct {
		Enabled                            bool
		ActiveEncodings, DisabledEncodings []string
	}
	Ready         bool
	Frames        int // decoded
	Width, Height int // pixels
	Freezes       int
	Frozen        float64 // seconds
	Energy        float64 // of the audio
	Packets, Lost int
}

// outbound is a stream that the page sends.
type outbound struct {
	Kind, RID, Codec string
	Active           bool
	Frames           int // encoded
	Width, Height    int
}

// open opens a page with one of the SDKs.
func open(t *testing.T, sdk, name string) *page {
	t.Helper()
	b := theBridge(t)
	result, err := b.ask("open", map[string]any{"sdk": sdk})
	if err != nil {
		t.Fatalf("open a page: %v", err)
	}
	p := &page{t: t, bridge: b, name: name}
	if err := json.Unmarshal(result, &p.number); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

func (p *page) close() {
	if p.t.Failed() {
		state, err := p.bridge.ask("call", map[string]any{"page": p.number, "name": "look"})
		p.t.Logf("---- %s ----\n%s %v", p.name, state, err)
		var lines []string
		said, err := p.bridge.ask("console", map[string]any{"page": p.number})
		if err == nil && json.Unmarshal(said, &lines) == nil {
			p.t.Logf("---- console of %s ----\n%s", p.name, strings.Join(lines, "\n"))
		}
	}
	if _, err := p.bridge.ask("close", map[string]any{"page": p.number}); err != nil {
		p.t.Errorf("%s: %v", p.name, err)
	}
}

// call calls a function of page.js; result may be nil.
func (p *page) call(name string, args map[string]any, result any) {
	p.t.Helper()
	answer, err := p.bridge.ask("call", map[string]any{"page": p.number, "name": name, "args": args})
	if err == nil && result != nil {
		err = json.Unmarshal(answer, result)
	}
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, name, err)
	}
}

func (p *page) look() view {
	p.t.Helper()
	var v view
	p.call("look", nil, &v)
	return v
}

// until polls the page's view until cond holds, and returns that view.
func (p *page) until(limit time.Duration, what string, cond func(v view) bool) view {
	p.t.Helper()
	var v view
	testkit.Within(p.t, limit, p.name+" "+what, func() bool {
		v = p.look()
		return cond(v)
	})
	return v
}

// emitted counts the events of a name whose detail begins with the given text.
func (v view) emitted(name, detail string) int {
	n := 0
	for _, e := range v.Events {
		if e.Name == name && strings.HasPrefix(e.Detail, detail) {
			n++
		}
	}
	return n
}

// from returns a peer's tracks of a kind that have become ready.
func (v view) from(peer, kind string) map[string]remote {
	found := map[string]remote{}
	for id, track := range v.Tracks {
		if track.Peer == peer && track.Kind == kind && track.Ready {
			found[id] = track
		}
	}
	return found
}

// frozen sums up for how long the page's videos stood still, in seconds.
func (v view) frozen() float64 {
	sum := 0.0
	for _, track := range v.Tracks {
		sum += track.Frozen
	}
	return sum
}

// encoded is how many frames of video the page has sent.
func (v view) encoded() float64 {
	frames := 0
	for _, o := range v.Outbound {
		frames += o.Frames
	}
	return float64(frames)
}

// decoded is how many frames of video the page has shown.
func (v view) decoded() float64 {
	frames := 0
	for _, track := range v.Tracks {
		frames += track.Frames
	}
	return float64(frames)
}

// frozenOf is frozen for the tracks of one peer.
func (v view) frozenOf(peer *page) float64 {
	sum, id := 0.0, peer.id()
	for _, track := range v.Tracks {
		if track.Peer == id {
			sum += track.Frozen
		}
	}
	return sum
}

func (r remote) String() string {
	return fmt.Sprintf("%s %s %dx%d, %d frames, %d freezes of %.1fs, energy %.4f, %d packets, %d lost",
		r.Kind, r.Codec, r.Width, r.Height, r.Frames, r.Freezes, r.Frozen, r.Energy, r.Packets, r.Lost)
}
