package sfu

import (
	"sync/atomic"
	"time"

	"github.com/fjord-media/fjord/sfu/rtp"
)

// Rules by which a variant of a simulcast track counts as active.
const (
	activityPeriod = time.Second
	activityLeast  = 5 // packets per period
	activityProof  = 2 // good periods before an inactive variant counts again
)

// Variant is one encoding of a track: the only one, or one of the simulcast
// layers l, m and h.
type Variant struct {
	track   *Track
	index   int
	rid     string
	history *rtp.History

	declared  atomic.Int64 // bit/s the publisher means to send
	measured  atomic.Int64 // bit/s in the last period
	active    atomic.Bool
	requested atomic.Int64 // when a key frame was asked for last, ns
	clock     atomic.Pointer[Clock]

	// of the publisher's goroutine
	packets, bytes int
	since          int64
	good           int
}

// Clock relates a variant's RTP timestamps to the node's monotonic time.
type Clock struct {
	Timestamp uint32
	At        int64  // monotonic nanoseconds
	Epoch     uint32 // of the stream that the timestamps are of, see rtp.Epoch
}

func newVariant(t *Track, index int, rid string) *Variant {
	size := historySize
	if t.config.Kind == Audio {
		size = historySizeAudio
	}
	v := &Variant{track: t, index: index, rid: rid, history: rtp.NewHistory(size)}
	v.declared.Store(int64(declaredBitrate(t.config, rid)))
	v.active.Store(!t.Simulcast())
	return v
}

// Bitrates that publishers mean to send when they say nothing (bit/s).
const (
	defaultHigh   = 2_500_000
	defaultMedium = 500_000
	defaultLow    = 150_000
	defaultAudio  = 50_000
)

func declaredBitrate(c TrackConfig, rid string) int {
	if n := c.Bitrates[rid]; n > 0 {
		return n
	}
	switch {
	case c.Kind == Audio:
		return defaultAudio
	case rid == "l":
		return defaultLow
	case rid == "m":
		return defaultMedium
	}
	return defaultHigh
}

// RID names the variant: "l", "m" or "h".
func (v *Variant) RID() string { return v.rid }

// Active reports whether packets of the variant arrive. Without simulcast it
// is always true: a shared screen may legally be silent.
func (v *Variant) Active() bool { return v.active.Load() }

// Bitrate is what the publisher means to send, in bit/s.
func (v *Variant) Bitrate() int { return int(v.declared.Load()) }

// SetBitrate replaces what the publisher means to send (bit/s, above 0).
func (v *Variant) SetBitrate(bps int) {
	if bps > 0 {
		v.declared.Store(int64(bps))
	}
}

// Measured is what arrived in the last second, in bit/s.
func (v *Variant) Measured() int { return int(v.measured.Load()) }

// History keeps the variant's newest packets.
func (v *Variant) History() *rtp.History { return v.history }

// SetClock notes which RTP timestamp was sampled at which monotonic time.
func (v *Variant) SetClock(c Clock) { v.clock.Store(&c) }

// Clock is the newest clock, nil before the first sender report.
func (v *Variant) Clock() *Clock { return v.clock.Load() }

// RequestKeyFrame asks the publisher for a key frame, unless it was asked less
// than half a second ago (now: monotonic nanoseconds).
func (v *Variant) RequestKeyFrame(now int64) {
	last := v.requested.Load()
	if last != 0 && now-last < int64(keyFrameSpacing) {
		return
	}
	if v.track.config.KeyFrame != nil && v.requested.CompareAndSwap(last, now) {
		v.track.config.KeyFrame(v.index)
	}
}

// renewed says that the publisher goes on with another stream: whatever it was
// asked for before, it was asked of the one that is gone.
func (v *Variant) renewed(now int64) {
	v.requested.Store(0)
	v.RequestKeyFrame(now)
}

// take notes packets and drops those that were there before.
func (v *Variant) take(batch []*rtp.Packet) []*rtp.Packet {
	kept := batch[:0]
	for _, p := range batch {
		if !v.history.Add(p) {
			continue
		}
		v.packets++
		v.bytes += len(p.Bytes())
		kept = append(kept, p)
	}
	if v.track.Simulcast() && !v.active.Load() && v.since == 0 && len(kept) > 0 {
		v.active.Store(true) // a new variant counts from its first packet
	}
	return kept
}

// tick judges the activity once per period. It reports whether it changed.
func (v *Variant) tick(now int64) bool {
	if v.since == 0 {
		if v.packets > 0 {
			v.since = now
		}
		return false
	}
	elapsed := now - v.since
	if elapsed < int64(activityPeriod) {
		return false
	}
	v.measured.Store(int64(v.bytes) * 8 * int64(time.Second) / elapsed)
	enough := v.packets >= activityLeast
	v.packets, v.bytes, v.since = 0, 0, now
	if !v.track.Simulcast() {
		return false
	}
	was := v.active.Load()
	switch {
	case !enough:
		v.good = 0
		v.active.Store(false)
	case !was:
		if v.good++; v.good >= activityProof {
			v.active.Store(true)
		}
	}
	return v.active.Load() != was
}
