package sfu

import (
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// TestKeyFrameRequestsAreFew: however many subscribers ask, the publisher is
// asked at most once per 500 ms, and not later than that after the last wish
// that was granted.
func TestKeyFrameRequestsAreFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, last, asked := int64(1), int64(-1), 0
		track := newTrack("a", TrackConfig{TrackInfo: TrackInfo{Kind: Video}, KeyFrame: func(int) {
			if last >= 0 && now-last < int64(keyFrameSpacing) {
				t.Fatalf("asked again after %d ns", now-last)
			}
			last = now
			asked++
		}}, func(int) {})
		for range rapid.IntRange(1, 200).Draw(t, "wishes") {
			now += rapid.Int64Range(0, 400_000_000).Draw(t, "later")
			due, before := last < 0 || now-last >= int64(keyFrameSpacing), asked
			track.variants[0].RequestKeyFrame(now)
			if due && asked == before {
				t.Fatalf("not asked after %d ns", now-last)
			}
		}
	})
}

// TestKeyFrameRequestsAtOnce: of those that come at the same time, one counts.
func TestKeyFrameRequestsAtOnce(t *testing.T) {
	var asked atomic.Int32
	track := newTrack("a", TrackConfig{TrackInfo: TrackInfo{Kind: Video}, KeyFrame: func(int) { asked.Add(1) }}, func(int) {})
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() { track.variants[0].RequestKeyFrame(1_000_000_000) })
	}
	wait.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
