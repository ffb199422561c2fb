package httpapi_test

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	httpapi "github.com/fjord-media/fjord/http"
	"github.com/fjord-media/fjord/http/token"
	"github.com/fjord-media/fjord/internal/actor"
	"github.com/fjord-media/fjord/internal/testkit/rest"
	"github.com/fjord-media/fjord/room"
)

const wait = 10 * time.Second

// surface is a server with real rooms and a media plane that does nothing.
type surface struct {
	*httptest.Server
	rooms   *room.Local
	sockets *httpapi.Sockets
	tokens  *token.Signer
}

func startSurface(t *testing.T, change func(*httpapi.SocketOptions)) *surface {
	t.Helper()
	sys, err := actor.Start(context.Background(), "http", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &surface{}
	if s.tokens, err = token.New("secret"); err != nil {
		t.Fatal(err)
	}
	s.rooms = room.NewLocal(room.LocalOptions{
		Address: "test:1234", System: sys, Media: muteMedia{}, Events: func(e room.Event) { s.sockets.Notify(e) },
	})
	opts := httpapi.SocketOptions{
		Join: s.rooms.Join, Tokens: s.tokens, Token: "token", Origins: httpapi.Origins{Host: "media.test:1234"},
	}
	if change != nil {
		change(&opts)
	}
	s.sockets = httpapi.NewSockets(context.Background(), opts)
	if _, err := sys.Supervise(s.rooms.SupervisorSpec()); err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(newTestAPI(func(o *httpapi.Options) {
		o.Distribution, o.Rooms, o.Tokens, o.Sockets, o.Host = nil, s.rooms, s.tokens, s.sockets, "test:1234"
		o.ComponentsUsed = []string{"hls", "rtsp", "file", "sip"}
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		defer cancel()
		if err := s.sockets.Close(ctx); err != nil {
			t.Error(err)
		}
		s.Server.Close()
		if err := sys.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// muteMedia accepts peers and says nothing.
type muteMedia struct{}

func (muteMedia) NewRoom(room.MediaRoomOptions) (room.MediaRoom, error) { return muteMedia{}, nil }
func (muteMedia) AddPeer(room.MediaPeerOptions) (room.MediaPeer, error) { return mutePeer{}, nil }
func (muteMedia) Close()                                                {}

type mutePeer struct{}

func (mutePeer) Attach(func([]byte))  {}
func (mutePeer) Receive([]byte) error { return nil }
func (mutePeer) Detach()              {}
func (mutePeer) Close()               {}

// person is a room with a peer in it.
func (s *surface) person(t *testing.T) (id room.ID, peer string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	created, err := s.rooms.Create(ctx, room.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.rooms.AddPeer(ctx, created.Room.ID, room.PeerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return created.Room.ID, p.ID
}

func (s *surface) words(t *testing.T) rest.SocketWords {
	t.Helper()
	id, peer := s.person(t)
	sign := func(room, peer string, age time.Duration) string {
		return s.tokens.Sign(token.Claims{Room: room, Peer: peer}, time.Now().Add(-age))
	}
	return rest.SocketWords{
		"api": "token", "room": string(id), "peer": peer, "token": sign(string(id), peer, 0),
		"expired": sign(string(id), peer, 25*time.Hour), "noroom": sign("nowhere", peer, 0), "nopeer": sign(string(id), "nobody", 0),
	}
}

// TestSocketScripts plays the scripts of testdata/sockets.
func TestSocketScripts(t *testing.T) {
	files, err := filepath.Glob("../testdata/sockets/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts found: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s := startSurface(t, nil)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			go func() {
				for tick := time.NewTicker(10 * time.Millisecond); ctx.Err() == nil; <-tick.C {
					s.sockets.Report("{}")
				}
			}()
			t.Run("script", func(t *testing.T) { rest.RunSockets(t, s.URL, s.words, file) })
		})
	}
}
