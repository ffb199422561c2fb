package room

import "fmt"

// mediaRoom is the room's media, begun when it is first wanted: a room nobody
// joins costs none.
func (e *entry) mediaRoom() (MediaRoom, error) {
	if e.local.media == nil {
		return nil, ErrNoMedia
	}
	e.mediaMu.Lock()
	defer e.mediaMu.Unlock()
	if e.media != nil {
		return e.media, nil
	}
	if e.hasEnded() {
		return nil, ErrNotFound
	}
	codec := ""
	if snap := e.snap.Load(); snap != nil && snap.Config.VideoCodec != nil {
		codec = *snap.Config.VideoCodec
	}
	media, err := e.local.media.NewRoom(MediaRoomOptions{
		ID: e.id, VideoCodec: codec, Events: e.mediaEvent, Forwarded: e.addTracks, Crashed: e.mediaCrashed,
	})
	if err != nil {
		return nil, fmt.Errorf("start media of room %s: %w", e.id, err)
	}
	e.media = media
	return media, nil
}

// closeMedia comes after the room has ended: no media begins later.
func (e *entry) closeMedia() {
	e.mediaMu.Lock()
	media := e.media
	e.media = nil
	e.mediaMu.Unlock()
	if media != nil {
		media.Close()
	}
}

func (e *entry) mediaEvent(m MediaEvent) {
	_ = e.local.system.Send(e.actor(), m) // no actor: the room has ended
}

func (e *entry) mediaCrashed(err error) {
	_ = e.local.system.Exit(e.actor(), fmt.Errorf("media of the room: %w", err)) // likewise
}
