package room

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// fakeMedia is a media plane that does what the events it receives say.
type fakeMedia struct {
	mu     sync.Mutex
	rooms  map[ID]*fakeMediaRoom
	opened int
	closed int
	fail   error
}

type fakeMediaRoom struct {
	media *fakeMedia
	MediaRoomOptions
	mu    sync.Mutex
	peers map[string]*fakeMediaPeer
	over  bool
}

type fakeMediaPeer struct {
	room *fakeMediaRoom
	MediaPeerOptions
	send   func([]byte)
	tracks []string
	over   bool
}

func newFakeMedia() *fakeMedia { return &fakeMedia{rooms: map[ID]*fakeMediaRoom{}} }

func (f *fakeMedia) NewRoom(o MediaRoomOptions) (MediaRoom, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	r := &fakeMediaRoom{media: f, MediaRoomOptions: o, peers: map[string]*fakeMediaPeer{}}
	f.rooms[o.ID] = r
	f.opened++
	return r, nil
}

func (f *fakeMedia) room(id ID) *fakeMediaRoom {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rooms[id]
}

func (f *fakeMedia) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened - f.closed
}

func (r *fakeMediaRoom) AddPeer(o MediaPeerOptions) (MediaPeer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.peers[o.ID]; ok {
		return nil, errors.New("the peer is there")
	}
	p := &fakeMediaPeer{room: r, MediaPeerOptions: o}
	r.peers[o.ID] = p
	return p, nil
}

func (r *fakeMediaRoom) Close() {
	r.mu.Lock()
	again := r.over
	r.over = true
	r.mu.Unlock()
	if !again {
		r.media.mu.Lock()
		r.media.closed++
		r.media.mu.Unlock()
	}
}

func (r *fakeMediaRoom) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.peers)
}

func (p *fakeMediaPeer) Attach(send func([]byte)) { p.send = send }
func (p *fakeMediaPeer) Detach()                  {}

// Receive obeys: "echo …", "track <id>", "untrack <id>", "retrack <id>",
// "name <metadata>", "panic", "fail", "crash <reason>".
func (p *fakeMediaPeer) Receive(b []byte) error {
	word, rest := string(b), ""
	if i := slices.Index(b, ' '); i >= 0 {
		word, rest = string(b[:i]), string(b[i+1:])
	}
	tell := func(kind MediaEventKind, e MediaEvent) { e.Kind, e.Endpoint = kind, p.ID; p.room.Events(e) }
	switch word {
	case "echo":
		p.send([]byte(rest))
	case "track":
		p.tracks = append(p.tracks, rest)
		tell(MediaTrackAdded, MediaEvent{Track: Track{ID: rest, Type: "audio"}})
		p.room.Forwarded(1)
	case "untrack":
		p.untrack(rest)
	case "retrack":
		tell(MediaTrackMetadataUpdated, MediaEvent{Track: Track{ID: rest, Metadata: "new"}})
	case "name":
		tell(MediaMetadataUpdated, MediaEvent{Metadata: rest})
	case "panic":
		panic("media broke")
	case "crash":
		tell(MediaEndpointCrashed, MediaEvent{Err: errors.New(rest)})
	case "fall":
		p.room.Crashed(errors.New("engine broke"))
	default:
		return fmt.Errorf("unknown event %s", b)
	}
	return nil
}

func (p *fakeMediaPeer) untrack(id string) {
	p.tracks = slices.DeleteFunc(p.tracks, func(t string) bool { return t == id })
	p.room.Events(MediaEvent{Kind: MediaTrackRemoved, Endpoint: p.ID, Track: Track{ID: id}})
	p.room.Forwarded(-1)
}

func (p *fakeMediaPeer) Close() {
	p.room.mu.Lock()
	again := p.over
	p.over = true
	delete(p.room.peers, p.ID)
	p.room.mu.Unlock()
	if again {
		return
	}
	for len(p.tracks) > 0 { // as a real one does: late events
		p.untrack(p.tracks[0])
	}
}

// fakeSocket is a PeerSink.
type fakeSocket struct {
	mu     sync.Mutex
	got    []string
	closed []closing
}

type closing struct {
	Code   int
	Reason string
}

func (s *fakeSocket) Send(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, string(b))
}

func (s *fakeSocket) Close(code int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = append(s.closed, closing{code, reason})
}

func (s *fakeSocket) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *fakeSocket) closings() []closing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.closed)
}
