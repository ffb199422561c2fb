package cluster

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fjord-media/fjord/room"
)

func TestLastWords(t *testing.T) {
	now := time.Now()
	at := func(d time.Duration) time.Time { return now.Add(d) }
	never := func(lostRoom) bool { return false }
	ids := func(l []orphan) []room.ID { return idsOf(l) }
	x := []orphan{{id: "x", node: "b"}}
	for name, tt := range map[string]struct {
		do   func(l *lastWords) []room.ID
		want []room.ID
	}{
		"young rooms are told of": {func(l *lastWords) []room.ID {
			l.born("b", "old", now)
			l.born("b", "x", at(youngFor+1))
			l.down("b", at(youngFor+2))
			return l.lost("b", append([]orphan{{id: "old", node: "b"}}, x...), at(time.Minute))
		}, []room.ID{"x"}},
		"not those of the life before": {func(l *lastWords) []room.ID {
			l.born("b", "x", now)
			l.down("b", at(youngFor+1))
			return l.lost("b", x, at(youngFor+1))
		}, nil},
		"never heard of": {func(l *lastWords) []room.ID {
			l.hear("b", []room.ID{"x"}, now)
			l.down("b", at(1)) // the others were quicker
			return ids(l.unheard(at(wordWait), never))
		}, []room.ID{"x"}},
		"only once": {func(l *lastWords) []room.ID {
			l.down("b", now)
			l.hear("b", []room.ID{"x"}, now)
			l.unheard(at(wordWait), never)
			l.hear("b", []room.ID{"x"}, now)
			return ids(l.unheard(at(2*wordWait), never))
		}, nil},
		"its end was told": {func(l *lastWords) []room.ID {
			l.down("b", now)
			l.lost("b", x, now)
			l.hear("b", []room.ID{"x"}, now)
			return ids(l.unheard(at(wordWait), never))
		}, nil},
		"it was deleted": {func(l *lastWords) []room.ID {
			l.end(lostRoom{"b", "x"}, now)
			l.down("b", now)
			l.hear("b", []room.ID{"x"}, now)
			return ids(l.unheard(at(wordWait), never))
		}, nil},
		"not while its announcement may be under way": {func(l *lastWords) []room.ID {
			l.down("b", now)
			l.hear("b", []room.ID{"x"}, now)
			return ids(l.unheard(at(wordWait-1), never))
		}, nil},
		"it is known, and lives or will be told of": {func(l *lastWords) []room.ID {
			l.down("b", now)
			l.hear("b", []room.ID{"x"}, now)
			return ids(l.unheard(at(wordWait), func(lostRoom) bool { return true }))
		}, nil},
		"its node was not lost here": {func(l *lastWords) []room.ID {
			l.hear("b", []room.ID{"x"}, now)
			return append(ids(l.unheard(at(wordFor), never)), ids(l.unheard(at(wordFor+1), never))...)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLastWords()
			if got := tt.do(l); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// An announcement that comes after the end was told is not told.
func TestBornAfterItsEnd(t *testing.T) {
	l := newLastWords()
	now := time.Now()
	l.end(lostRoom{"b", "x"}, now)
	if l.born("b", "x", now) || !l.born("c", "x", now) {
		t.Error("wrong about what has ended")
	}
}

func TestLastWordsAreBounded(t *testing.T) {
	l := newLastWords()
	now := time.Now()
	for i := range 3 * maxEnded {
		id := room.ID(fmt.Sprint(i))
		l.born("b", id, now)
		l.end(lostRoom{"b", id}, now)
		l.hear("c", []room.ID{id}, now)
	}
	if len(l.ended) > maxEnded || len(l.before) > maxEnded || len(l.young["b"]) > maxYoung || len(l.words) > maxYoung {
		t.Errorf("remembers %d+%d ends, %d births, %d words", len(l.ended), len(l.before), len(l.young["b"]), len(l.words))
	}
	l.down("b", now)
	l.unheard(now.Add(time.Hour), func(lostRoom) bool { return false })
	if len(l.words)+len(l.downs)+len(l.young) != 0 {
		t.Error("never forgets")
	}
}

// A node is killed after it has told one of two others of a new room: the other
// one tells its listeners of the end all the same, once.
func TestRoomThatOneNodeHasNotHeardOf(t *testing.T) {
	t.Parallel()
	all := newLab(t).fjords(t, 3)
	hearEach(t, all)
	dead := all[2]
	e := room.RoomCreated{ID: "secret"}
	dead.bus.attach(nil)
	if _, err := dead.router.createHere(t.Context(), room.Config{RoomID: "secret"}); err != nil {
		t.Fatal(err)
	}
	all[0].bus.foreign(dead.name, e) // the one that was told
	dead.cancel()
	stopNode(t, dead.erl)
	for i, x := range all[:2] {
		within(t, 5*time.Second, "announced", func() bool { return slices.Contains(x.heard.events("secret"), "RoomCrashed "+dead.name) })
		want := []string{"RoomCreated " + dead.name, "RoomCrashed " + dead.name}[i:]
		if got := x.heard.events("secret"); !slices.Equal(got, want) {
			t.Errorf("%s hears %q", x.name, got)
		}
	}
}
