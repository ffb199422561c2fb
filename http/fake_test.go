package httpapi_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/fjord-media/fjord/room"
)

// fakeRooms is a room.Service in memory; err, when set, is what every call answers.
type fakeRooms struct {
	mu    sync.Mutex
	rooms map[room.ID]room.Room
	err   error
}

func newFakeRooms() *fakeRooms { return &fakeRooms{rooms: map[room.ID]room.Room{}} }

func (f *fakeRooms) Create(ctx context.Context, cfg room.Config) (room.Created, error) {
	if err := ctx.Err(); err != nil {
		return room.Created{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if cfg.RoomID == "" {
		cfg.RoomID = room.ID(fmt.Sprintf("00000000-0000-4000-8000-%012d", len(f.rooms)))
	}
	r := room.Room{ID: cfg.RoomID, Config: cfg}
	if f.err != nil {
		return room.Created{Room: r}, f.err
	}
	if _, ok := f.rooms[r.ID]; ok {
		return room.Created{}, fmt.Errorf("room %s: %w", r.ID, room.ErrExists)
	}
	f.rooms[r.ID] = r
	return room.Created{Room: r, Address: "test:1234"}, nil
}

func (f *fakeRooms) Get(_ context.Context, id room.ID) (room.Room, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.rooms[id]
	if f.err != nil || !ok {
		return room.Room{}, f.orNotFound()
	}
	return r, nil
}

func (f *fakeRooms) orNotFound() error {
	if f.err != nil {
		return f.err
	}
	return room.ErrNotFound
}

func (f *fakeRooms) List(context.Context) ([]room.Room, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []room.Room
	for _, r := range f.rooms {
		list = append(list, r)
	}
	return list, f.err
}

func (f *fakeRooms) Delete(ctx context.Context, id room.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.rooms[id]; f.err != nil || !ok {
		return f.orNotFound()
	}
	delete(f.rooms, id)
	return nil
}
