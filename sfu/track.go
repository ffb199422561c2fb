package sfu

import (
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/internal/run"
	"github.com/fjord-media/fjord/sfu/rtp"
)

// keyFrameSpacing is the least time between two requests for a key frame of
// one variant.
const keyFrameSpacing = 500 * time.Millisecond

// historySize is how many packets of a variant are kept for retransmission.
const (
	historySize      = 512
	historySizeAudio = 64
)

// TrackConfig describes a track to publish.
type TrackConfig struct {
	TrackInfo
	ClockRate int    // Hz: 90000 for video, 48000 for Opus
	FMTP      string // format parameters as offered by the publisher
	// RIDs names the variants of a simulcast track in the order they were
	// offered, "l", "m", "h"; nil: no simulcast.
	RIDs []string
	// Bitrates says how much the publisher means to send per variant in bit/s;
	// missing: the defaults.
	Bitrates map[string]int
	// KeyFrame asks the publisher for a key frame of a variant. It is called at
	// most twice a second per variant, on any goroutine, and must not block.
	KeyFrame func(variant int)
}

// Track is a published track: what subscribers see of it, and what its
// publisher writes media into.
type Track struct {
	id        string
	owner     string
	config    TrackConfig
	variants  []*Variant
	metadata  atomic.Pointer[any]
	forwarded func(int)
	subs      atomic.Pointer[[]Sink] // copied when changed
	speech    atomic.Int32

	mu       sync.Mutex
	closed   bool
	disabled []string // variants the publisher paused
}

// Sink takes the media of a subscribed track.
type Sink interface {
	// Forward takes packets of one variant in arrival order. It is called on
	// the publisher's media goroutine: it must neither block nor change the
	// packets; it retains those it wants to keep.
	Forward(variant int, batch []*rtp.Packet)
	// Ended says that the track is over; nothing follows.
	Ended()
}

func newTrack(owner string, c TrackConfig, forwarded func(int)) *Track {
	t := &Track{id: c.ID, owner: owner, config: c, forwarded: forwarded}
	t.metadata.Store(&c.Metadata)
	t.subs.Store(new([]Sink))
	names := c.RIDs
	if len(names) == 0 {
		names = []string{"h"}
	}
	for i, rid := range names {
		t.variants = append(t.variants, newVariant(t, i, rid))
	}
	return t
}

// ID is the name its publisher gave it. Two endpoints may use the same one.
func (t *Track) ID() string { return t.id }

// Owner is the id of the publishing endpoint.
func (t *Track) Owner() string { return t.owner }

// Kind says whether it is sound or picture.
func (t *Track) Kind() Kind { return t.config.Kind }

// Config is what the track was published with.
func (t *Track) Config() TrackConfig { return t.config }

// Metadata is the newest metadata.
func (t *Track) Metadata() any { return *t.metadata.Load() }

// Variants are the encodings of the track: one without simulcast.
func (t *Track) Variants() []*Variant { return t.variants }

// Simulcast reports whether the track has variants to choose from.
func (t *Track) Simulcast() bool { return len(t.config.RIDs) > 0 }

func (t *Track) infoLocked() TrackInfo {
	info := t.config.TrackInfo
	info.Metadata = t.Metadata()
	return info
}

// Disabled lists the variants that the publisher paused.
func (t *Track) Disabled() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.disabled)
}

func (t *Track) toggle(rid string, disabled bool) bool {
	if !slices.Contains(t.config.RIDs, rid) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if slices.Contains(t.disabled, rid) == disabled {
		return false
	}
	if disabled {
		t.disabled = append(t.disabled, rid)
	} else {
		t.disabled = slices.DeleteFunc(t.disabled, func(o string) bool { return o == rid })
	}
	return true
}

// Subscribe adds a sink. It reports false when the track is over.
func (t *Track) Subscribe(s Sink) bool {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return false
	}
	list := append(slices.Clone(*t.subs.Load()), s)
	t.subs.Store(&list)
	t.mu.Unlock()
	t.forwarded(1)
	return true
}

// Unsubscribe removes a sink; one that is not there is ignored. A Forward that
// runs at the moment may still finish.
func (t *Track) Unsubscribe(s Sink) {
	t.mu.Lock()
	list := *t.subs.Load()
	at := slices.Index(list, s)
	if at < 0 {
		t.mu.Unlock()
		return
	}
	list = slices.Delete(slices.Clone(list), at, at+1)
	t.subs.Store(&list)
	t.mu.Unlock()
	t.forwarded(-1)
}

// Write hands packets of one variant, parsed and with their extended sequence
// numbers, to all subscribers. Only the publisher calls it, from one goroutine
// per track.
func (t *Track) Write(variant int, batch []*rtp.Packet) {
	if variant < 0 || variant >= len(t.variants) || len(batch) == 0 {
		return
	}
	batch = t.variants[variant].take(batch)
	for _, s := range *t.subs.Load() {
		t.forward(s, variant, batch)
	}
}

// failing is a Sink that wants to know that it panicked.
type failing interface{ Failed(err error) }

// forward keeps a subscriber's panic from the publisher and from the other
// subscribers.
func (t *Track) forward(s Sink, variant int, batch []*rtp.Packet) {
	defer func() {
		if v := recover(); v != nil {
			t.Unsubscribe(s)
			s.Ended()
			if f, ok := s.(failing); ok {
				f.Failed(&run.PanicError{Name: "forward " + t.id, Value: v, Stack: debug.Stack()})
			}
		}
	}()
	s.Forward(variant, batch)
}

func (t *Track) close() {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return
	}
	t.closed = true
	list := *t.subs.Load()
	t.subs.Store(new([]Sink))
	t.mu.Unlock()
	if len(list) > 0 {
		t.forwarded(-len(list))
	}
	for _, s := range list {
		s.Ended()
	}
	for _, v := range t.variants {
		v.history.Clear()
	}
}
