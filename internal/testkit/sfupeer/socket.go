package sfupeer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	pb "github.com/fjord-media/fjord/proto"
)

// socketLimit bounds each step on a peer socket.
const socketLimit = 30 * time.Second

// Socket is a client behind a node's peer socket.
type Socket struct {
	*Client
	Conn *websocket.Conn

	Done   chan struct{} // closed when the socket is; then:
	Code   websocket.StatusCode
	Reason string

	change  func([]byte) []byte
	welcome chan struct{}
	once    sync.Once
}

// DialSocket opens a peer socket of the node whose API is at api (http://…),
// without a word.
func DialSocket(api string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), socketLimit)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(api, "http")+"/socket/peer/websocket", nil)
	if err == nil {
		ws.SetReadLimit(8 << 20)
	}
	return ws, err
}

// Enter opens the socket of a peer, says its token and connects its media; the
// node's API is at api (http://…). change, if set, alters media events on their
// way to the node. o.Send is not used. Errors: of the socket, and how it was
// closed.
func Enter(api, token string, o Options, change func([]byte) []byte) (*Socket, error) {
	ws, err := DialSocket(api)
	if err != nil {
		return nil, err
	}
	s := &Socket{Conn: ws, Done: make(chan struct{}), change: change, welcome: make(chan struct{}, 1)}
	o.Send = s.event
	if s.Client, err = New(o); err != nil {
		_ = ws.CloseNow()
		return nil, err
	}
	s.tasks.Go("socket", func(context.Context) error { // ends with the socket
		s.read()
		return nil
	})
	if err := s.Write(&pb.PeerMessage{Content: &pb.PeerMessage_AuthRequest_{AuthRequest: &pb.PeerMessage_AuthRequest{Token: token}}}); err != nil {
		s.Leave()
		return nil, err
	}
	select {
	case <-s.welcome:
		return s, s.Connect(map[string]any{})
	case <-s.Done:
		s.Leave()
		return nil, fmt.Errorf("closed with %d %q", s.Code, s.Reason)
	case <-time.After(socketLimit):
		s.Leave()
		return nil, errors.New("not authenticated in time")
	}
}

// event takes a media event of the client.
func (s *Socket) event(text []byte) error {
	if s.change != nil {
		text = s.change(text)
	}
	return s.Write(&pb.PeerMessage{Content: &pb.PeerMessage_MediaEvent_{MediaEvent: &pb.PeerMessage_MediaEvent{Data: string(text)}}})
}

// Write sends a message of the peer protocol.
func (s *Socket) Write(m *pb.PeerMessage) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), socketLimit)
	defer cancel()
	return s.Conn.Write(ctx, websocket.MessageBinary, b)
}

func (s *Socket) read() {
	defer close(s.Done)
	for {
		_, b, err := s.Conn.Read(context.Background())
		if err != nil {
			var closed websocket.CloseError
			if errors.As(err, &closed) {
				s.Code, s.Reason = closed.Code, closed.Reason
			}
			return
		}
		var m pb.PeerMessage
		if proto.Unmarshal(b, &m) != nil {
			continue
		}
		if e := m.GetMediaEvent(); e != nil {
			s.Deliver([]byte(e.GetData()))
		} else if m.GetAuthenticated() != nil {
			select {
			case s.welcome <- struct{}{}:
			default:
			}
		}
	}
}

// Leave drops the socket and ends the client.
func (s *Socket) Leave() {
	s.once.Do(func() {
		_ = s.Conn.CloseNow()
		<-s.Done
		s.Close()
	})
}
