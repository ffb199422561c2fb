package room

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/fjord-media/fjord/internal/actor"
)

// AddPeer implements PeerService.
func (l *Local) AddPeer(ctx context.Context, id ID, cfg PeerConfig) (Peer, error) {
	if _, err := l.Get(ctx, id); err != nil {
		return Peer{}, err
	}
	if l.noPeers {
		return Peer{}, fmt.Errorf("room %s: %w", id, ErrPeersDisabled)
	}
	v, err := l.ask(ctx, id, addPeer{cfg})
	if err != nil {
		return Peer{}, fmt.Errorf("add peer to room %s: %w", id, err)
	}
	return v.(Peer), nil
}

// DeletePeer implements PeerService.
func (l *Local) DeletePeer(ctx context.Context, id ID, peer string) error {
	if _, err := l.ask(ctx, id, deletePeer{peer}); err != nil {
		return fmt.Errorf("delete peer %s of room %s: %w", peer, id, err)
	}
	return nil
}

// Join implements PeerService.
func (l *Local) Join(ctx context.Context, id ID, peer string, sink PeerSink) (PeerSession, error) {
	v, err := l.ask(ctx, id, findPeer{peer})
	if err != nil {
		return nil, fmt.Errorf("join peer %s of room %s: %w", peer, id, err)
	}
	request := joinPeer{sink: sink, taken: &atomic.Bool{}, session: &atomic.Pointer[session]{}}
	if v, err = l.call(ctx, v.(*member).pid, request, ErrPeerNotFound); err != nil {
		if !request.taken.CompareAndSwap(false, true) {
			request.session.Load().Gone(err) // the answer came too late
		}
		return nil, fmt.Errorf("join peer %s of room %s: %w", peer, id, err)
	}
	return v.(*session), nil
}

// ask has the room's actor answer; at most 5 s. ErrNotFound when there is none.
func (l *Local) ask(ctx context.Context, id ID, msg any) (any, error) {
	e, ok := l.rooms.get(id)
	if !ok || e.snap.Load() == nil {
		return nil, ErrNotFound
	}
	return l.call(ctx, e.actor(), msg, ErrNotFound)
}

// call is a call of a room's or peer's actor; ended is the error when it ends
// without an answer.
func (l *Local) call(ctx context.Context, to actor.PID, msg any, ended error) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	v, err := l.system.Call(ctx, to, msg)
	if err == nil {
		a := v.(reply)
		return a.value, a.err
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil, err
	}
	return nil, ended
}
