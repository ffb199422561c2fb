package sfu_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	"github.com/fjord-media/fjord/sfu"
	"github.com/fjord-media/fjord/sfu/rtp"
)

// TestCrashes: a panic for one peer, in signalling, in media that it sends or
// that it is sent, is the end of
// that peer, and nothing happens to the others, of its room or elsewhere.
func TestCrashes(t *testing.T) {
	for name, crash := range map[string]func(*sfu.Peer){
		"signalling": (*sfu.Peer).PanicInSignalling, "media": (*sfu.Peer).PanicInMedia, "forwarding": (*sfu.Peer).PanicInForwarding,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := sfupeer.NewLab(t)
			var log eventLog
			room, elsewhere := lab.Room(sfu.RoomOptions{Events: log.add}), lab.Room(sfu.RoomOptions{ID: "elsewhere"})
			a, _ := lab.Join(room, "a", sfupeer.Options{})
			b, _ := lab.Join(room, "b", sfupeer.Options{})
			bad, peer := lab.Join(room, "bad", sfupeer.Options{})
			c, _ := lab.Join(elsewhere, "c", sfupeer.Options{})
			d, _ := lab.Join(elsewhere, "d", sfupeer.Options{})
			publish(t, a, video("a:v"))
			publish(t, c, video("c:v"))
			publish(t, bad, video("bad:v"))
			lab.Flows(b, "bad:v", 10)
			lab.Flows(bad, "a:v", 10)
			crash(peer)
			lab.Until("the others are told", b, func() bool { return b.Count("endpointRemoved") == 1 })
			until(t, "the owner is told", func() bool {
				return slices.ContainsFunc(log.text(), func(s string) bool { return strings.HasPrefix(s, "crashed bad "+sfu.ErrInternal.Error()) })
			})
			lab.Flows(b, "a:v", 20)
			lab.Flows(d, "c:v", 20)
			lab.Sound(b, "a:v")
			lab.Sound(d, "c:v")
			again := lab.Attach(peer, sfupeer.Options{})
			lab.Flows(again, "a:v", 10)
		})
	}
}

// badSink panics at the first packet.
type badSink struct {
	once  sync.Once
	ended chan struct{}
}

func (*badSink) Forward(int, []*rtp.Packet) { panic("sink") }
func (b *badSink) Ended()                   { b.once.Do(func() { close(b.ended) }) }

// TestCrashOfSink: a component whose sink panics loses its subscription; the
// publisher and the other subscribers go on.
func TestCrashOfSink(t *testing.T) {
	t.Parallel()
	lab := sfupeer.NewLab(t)
	room := lab.Room(sfu.RoomOptions{})
	a, _ := lab.Join(room, "a", sfupeer.Options{})
	b, _ := lab.Join(room, "b", sfupeer.Options{})
	f := newComponent("file")
	if err := room.AddEndpoint(f); err != nil {
		t.Fatal(err)
	}
	joined, ok := f.next(t).(sfu.Joined)
	if !ok {
		t.Fatal("not joined")
	}
	publish(t, a, video("a:v"))
	published, ok := f.next(t).(sfu.TracksPublished)
	if !ok {
		t.Fatal("not published")
	}
	lab.Flows(b, "a:v", 10)
	s := &badSink{ended: make(chan struct{})}
	if !published.Tracks[0].Subscribe(s) {
		t.Fatal("not subscribed")
	}
	until(t, "its subscription ends", func() bool {
		select {
		case <-s.ended:
			return true
		default:
			return false
		}
	})
	lab.Flows(b, "a:v", 20)
	lab.Sound(b, "a:v")
	joined.Member.Fail(errors.New("done"))
}

// TestNothingIsLeft: peers that join through TURN and leave, at any moment,
// leave no allocation, no subscription and (see TestMain) no goroutine.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	lab := sfupeer.NewLab(t, func(e *sfu.EngineOptions) { e.TCPPort = sfupeer.FreePort(t) })
	room := lab.Room(sfu.RoomOptions{})
	a, stays := lab.Join(room, "a", sfupeer.Options{Relay: true})
	publish(t, a, video("a:v"))
	for i, o := range []sfupeer.Options{{Relay: true}, {Relay: true, TCP: true}, {}, {Relay: true}, {Relay: true, TCP: true}} {
		c, p := lab.Join(room, "v"+string(rune('0'+i)), o)
		if i < 3 {
			lab.Flows(c, "a:v", 5)
		}
		switch i % 2 {
		case 0:
			p.Close()
		case 1:
			p.Detach()
		}
	}
	until(t, "one allocation and no subscription", func() bool { return lab.Engine.Allocations() == 1 && room.Forwarded() == 0 })
	stays.Close()
	until(t, "no allocation", func() bool { return lab.Engine.Allocations() == 0 })
	room.Close()
}
