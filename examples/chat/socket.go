package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/coder/websocket"
	"github.com/fjord-media/fjord/node/pubsub"
)

// Limits of a page's connection.
const (
	maxFrame  = 64 << 10         // bytes of one frame
	idleTime  = 60 * time.Second // silence after which it is closed; pages send a heartbeat every 30 s
	writeTime = 10 * time.Second // for one frame
	maxRooms  = 100              // joined at a time
	outgoing  = 64               // frames that wait to be written
)

// socket is one page: a connection and the rooms it joined. Frames are read and
// handled one after the other.
type socket struct {
	conn   *websocket.Conn
	codec  codec
	pubsub *pubsub.PubSub
	log    *slog.Logger

	ctx    context.Context // ends with the connection
	cancel context.CancelCauseFunc
	out    chan frame // to the writer
	rooms  map[string]*room
}

// room is a joined topic.
type room struct {
	joinRef json.RawMessage
	sub     *pubsub.Subscription
}

// Why a connection was closed.
var (
	errSlow  = errors.New("the page does not read its messages")
	errLeave = errors.New("the server stops")
)

// serve handles frames until the page goes, says nothing for too long, breaks
// the protocol, or ctx is done.
func (s *socket) serve(ctx context.Context) {
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.conn.SetReadLimit(maxFrame)
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write()
	}()
	s.read()
	for _, r := range s.rooms {
		r.sub.Cancel()
	}
	<-written
}

// read ends with the connection, which the writer closes. (The context must not
// end it: nothing could be written any more then.)
func (s *socket) read() {
	for {
		idle, cancel := context.WithTimeout(context.Background(), idleTime)
		_, text, err := s.conn.Read(idle)
		cancel()
		var f frame
		if err == nil {
			f, err = s.codec.decode(text)
		}
		if err != nil {
			s.cancel(err)
			return
		}
		s.handle(f)
	}
}

// write writes what is queued, and closes the connection with the context.
func (s *socket) write() {
	for {
		select {
		case f := <-s.out:
			if err := s.writeFrame(f); err != nil {
				s.cancel(err)
			}
		case <-s.ctx.Done():
			s.close()
			return
		}
	}
}

func (s *socket) writeFrame(f frame) error {
	text, err := s.codec.encode(f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// close says why, in the words of the protocol.
func (s *socket) close() {
	cause := context.Cause(s.ctx)
	code, reason := websocket.StatusGoingAway, ""
	switch {
	case errors.Is(cause, errSlow):
		code, reason = websocket.StatusPolicyViolation, errSlow.Error()
	case errors.Is(cause, errFrame):
		code, reason = websocket.StatusInvalidFramePayloadData, errFrame.Error()
	case errors.Is(cause, context.DeadlineExceeded):
		reason = "no heartbeat"
	}
	s.log.Debug("A page has gone", "reason", cause)
	_ = s.conn.Close(code, reason) // fails when the page closed it
}

// push queues a frame. It waits for a page that reads slowly; meanwhile its
// subscriptions queue, and end when too much waits.
func (s *socket) push(f frame) {
	select {
	case s.out <- f:
	case <-s.ctx.Done():
	}
}
