package sfupeer

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"

	"github.com/pion/webrtc/v4"

	"github.com/fjord-media/fjord/internal/run"
)

// Options configures a client.
type Options struct {
	// Relay makes the client use TURN only, as all SDKs do.
	Relay bool
	// TCP makes it use TURN servers over TCP only.
	TCP bool
	// TLS makes it use TURN servers over TLS only, and says how; nil: none.
	TLS *tls.Config
	// Codecs are the video codecs in order of preference: "VP8", "H264", "VP9",
	// "AV1", "H265"; nil: VP8 and H264.
	Codecs []string
	// Net, if set, changes packets on their way; see webrtc.SettingEngine.SetNet.
	Setting func(*webrtc.SettingEngine)
	// Send takes the client's media events to the server.
	Send func(mediaEvent []byte) error
	// Logger gets what goes wrong; nil: nothing.
	Logger *slog.Logger
}

// Client is one peer. Its methods may be called from any goroutine.
type Client struct {
	options Options
	api     *webrtc.API
	queue   chan []byte // media events of the server
	tasks   *run.Group

	mu        sync.Mutex
	closed    bool
	id        string
	pc        *webrtc.PeerConnection
	busy      bool // an offer is out
	events    []Event
	endpoints map[string]bool
	tracks    map[string]string // remote track id → endpoint
	mids      map[string]string // of the newest answer
	local     []*Source
	added     map[*Source]bool
	received  map[string]*Received // by track id
	changed   chan struct{}        // closed and renewed with each change
}

// Event is a media event of the server, unwrapped.
type Event struct {
	Type string
	Data json.RawMessage
}

// New makes a client that is not connected.
func New(o Options) (*Client, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	api, err := newAPI(o)
	if err != nil {
		return nil, err
	}
	c := &Client{
		options: o, api: api, queue: make(chan []byte, 4096), tasks: run.NewGroup(context.Background(), "sfupeer", o.Logger),
		endpoints: map[string]bool{}, tracks: map[string]string{}, mids: map[string]string{}, added: map[*Source]bool{},
		received: map[string]*Received{}, changed: make(chan struct{}),
	}
	c.tasks.Go("events", c.work)
	return c, nil
}

// Deliver takes a media event of the server. It does not block.
func (c *Client) Deliver(mediaEvent []byte) {
	select {
	case c.queue <- slices.Clone(mediaEvent):
	default:
		c.options.Logger.Error("too many media events wait")
	}
}

func (c *Client) work(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case b := <-c.queue:
			if err := c.obey(b); err != nil {
				c.options.Logger.Error("client", "event", string(b[:min(len(b), 200)]), "error", err)
			}
		}
	}
}

// Close ends the client.
func (c *Client) Close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed = true
	pc, local := c.pc, c.local
	c.mu.Unlock()
	c.tasks.Stop()
	for _, s := range local {
		s.stop()
	}
	if pc != nil {
		_ = pc.GracefulClose()
	}
	ctx, cancel := context.WithTimeout(context.Background(), Limit)
	defer cancel()
	if err := c.tasks.Wait(ctx); err != nil {
		c.options.Logger.Error("client", "error", err)
	}
}

// Connect says connect.
func (c *Client) Connect(metadata any) error {
	return c.say("connect", map[string]any{"metadata": metadata})
}

// Say sends a plain media event.
func (c *Client) say(kind string, data any) error {
	b, err := json.Marshal(map[string]any{"type": kind, "data": data})
	if err != nil {
		return err
	}
	return c.options.Send(b)
}

// Say sends a media event, wrapped in custom if it is to be.
func (c *Client) Say(kind string, custom bool, data any) error {
	if custom {
		return c.say("custom", map[string]any{"type": kind, "data": data})
	}
	return c.say(kind, data)
}

func (c *Client) obey(b []byte) error {
	var e Event
	if err := json.Unmarshal(b, &e); err != nil {
		return err
	}
	if e.Type == "custom" {
		if err := json.Unmarshal(e.Data, &e); err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.events = append(c.events, e)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.touch()
		c.mu.Unlock()
	}()
	switch e.Type {
	case "connected":
		return c.connected(e.Data)
	case "endpointAdded", "endpointRemoved":
		return c.endpoint(e)
	case "tracksAdded", "tracksRemoved":
		return c.remote(e)
	case "offerData":
		return c.offer(e.Data)
	case "sdpAnswer":
		return c.answer(e.Data)
	case "candidate":
		return c.candidate(e.Data)
	}
	return nil
}

// touch wakes those that wait for changes; c.mu is held.
func (c *Client) touch() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *Client) connected(data []byte) error {
	var f struct {
		ID     string `json:"id"`
		Others []struct {
			ID     string         `json:"id"`
			Tracks map[string]any `json:"tracks"`
		} `json:"otherEndpoints"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id = f.ID
	for _, o := range f.Others {
		c.endpoints[o.ID] = true
		if o.Tracks == nil {
			return fmt.Errorf("connected: endpoint %s without tracks", o.ID) // SDKs would throw
		}
	}
	return nil
}

func (c *Client) endpoint(e Event) error {
	var f struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(e.Data, &f); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Type == "endpointAdded" {
		c.endpoints[f.ID] = true
		return nil
	}
	delete(c.endpoints, f.ID)
	for id, owner := range c.tracks {
		if owner == f.ID {
			delete(c.tracks, id)
		}
	}
	return nil
}

// remote follows the tracks, and complains where SDKs would throw.
func (c *Client) remote(e Event) error {
	var f struct {
		Endpoint string         `json:"endpointId"`
		Tracks   map[string]any `json:"tracks"`
		IDs      []string       `json:"trackIds"`
	}
	if err := json.Unmarshal(e.Data, &f); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.endpoints[f.Endpoint] {
		return fmt.Errorf("%s of unknown endpoint %s", e.Type, f.Endpoint)
	}
	for id := range f.Tracks {
		c.tracks[id] = f.Endpoint
	}
	for _, id := range f.IDs {
		mapped := false
		for _, t := range c.mids {
			mapped = mapped || t == id
		}
		if !mapped {
			return fmt.Errorf("tracksRemoved of %s, which no mid maps", id)
		}
		delete(c.tracks, id)
	}
	return nil
}

// newAPI prepares Pion: only loopback and what a browser offers.
func newAPI(o Options) (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	if err := registerCodecs(media, o.Codecs); err != nil {
		return nil, err
	}
	registry, err := newInterceptors(media)
	if err != nil {
		return nil, err
	}
	setting := webrtc.SettingEngine{}
	setting.SetIncludeLoopbackCandidate(true)
	setting.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	setting.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	setting.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	setting.SetRelayAcceptanceMinWait(0)
	if o.TLS != nil {
		setting.SetICEProxyDialer(&tls.Dialer{Config: o.TLS})
	}
	if o.Setting != nil {
		o.Setting(&setting)
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(setting), webrtc.WithInterceptorRegistry(registry)), nil
}
