package sfupeer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/pion/webrtc/v4"
)

func itoa(n int) string { return strconv.Itoa(n) }

type offerData struct {
	Types struct {
		Audio int `json:"audio"`
		Video int `json:"video"`
	} `json:"tracksTypes"`
	Turns []struct {
		Addr      string `json:"serverAddr"`
		Port      int    `json:"serverPort"`
		Transport string `json:"transport"`
		Username  string `json:"username"`
		Password  string `json:"password"`
	} `json:"integratedTurnServers"`
}

// connection makes the RTCPeerConnection with the servers of the first
// offerData, as the SDKs do.
func (c *Client) connection(d offerData) (*webrtc.PeerConnection, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pc != nil {
		return c.pc, false, nil
	}
	config := webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle}
	if c.options.Relay {
		config.ICETransportPolicy = webrtc.ICETransportPolicyRelay
		for _, t := range d.Turns {
			if t.Transport == c.options.transport() {
				config.ICEServers = append(config.ICEServers, webrtc.ICEServer{
					URLs: []string{turnURL(t.Addr, t.Port, t.Transport)}, Username: t.Username, Credential: t.Password,
				})
			}
		}
	}
	pc, err := c.api.NewPeerConnection(config)
	if err != nil {
		return nil, false, err
	}
	c.pc = pc
	pc.OnTrack(c.onTrack)
	return pc, true, nil
}

// transport is the one of the TURN servers that the client uses.
func (o Options) transport() string {
	switch {
	case o.TLS != nil:
		return "tls"
	case o.TCP:
		return "tcp"
	}
	return "udp"
}

// turnURL names a server as the SDKs do.
func turnURL(host string, port int, transport string) string {
	if transport == "tls" {
		return fmt.Sprintf("turns:%s:%d?transport=tcp", host, port)
	}
	return fmt.Sprintf("turn:%s:%d?transport=%s", host, port, transport)
}

func (c *Client) offer(data []byte) error {
	var d offerData
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	pc, first, err := c.connection(d)
	if err != nil {
		return err
	}
	if err := c.addLocal(pc); err != nil {
		return err
	}
	if err := addReceivers(pc, d.Types.Audio, d.Types.Video); err != nil {
		return err
	}
	offer, err := pc.CreateOffer(&webrtc.OfferOptions{ICERestart: !first})
	if err != nil {
		return err
	}
	if err := pc.SetLocalDescription(offer); err != nil {
		return err
	}
	return c.sendOffer(offer.SDP)
}

// addReceivers makes as many m-lines as the server counts. Fewer than before
// would make SDKs throw.
func addReceivers(pc *webrtc.PeerConnection, audio, video int) error {
	have := map[webrtc.RTPCodecType]int{}
	for _, t := range pc.GetTransceivers() {
		if t.Direction() == webrtc.RTPTransceiverDirectionRecvonly {
			have[t.Kind()]++
		}
	}
	for kind, want := range map[webrtc.RTPCodecType]int{webrtc.RTPCodecTypeAudio: audio, webrtc.RTPCodecTypeVideo: video} {
		if want < have[kind] {
			return fmt.Errorf("offerData asks for %d m-lines of %v, there are %d already", want, kind, have[kind])
		}
		for range want - have[kind] {
			if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Client) sendOffer(sdp string) error {
	c.mu.Lock()
	metadata, bitrates, mids := map[string]any{}, map[string]any{}, map[string]string{}
	for _, s := range c.local {
		if s.transceiver != nil && s.transceiver.Mid() != "" && !s.removed {
			mids[s.transceiver.Mid()] = s.ID
			metadata[s.ID] = s.Metadata
			bitrates[s.ID] = s.bitrates()
		}
	}
	c.busy = true
	c.mu.Unlock()
	return c.say("custom", map[string]any{"type": "sdpOffer", "data": map[string]any{
		"sdpOffer":               map[string]any{"type": "offer", "sdp": sdp},
		"trackIdToTrackMetadata": metadata, "trackIdToTrackBitrates": bitrates, "midToTrackId": mids,
	}})
}

func (c *Client) answer(data []byte) error {
	var f struct {
		SDP  string            `json:"sdp"`
		Mids map[string]string `json:"midToTrackId"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	c.mu.Lock()
	c.mids = f.Mids
	pc := c.pc
	c.mu.Unlock()
	err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: f.SDP})
	c.mu.Lock()
	c.busy = false
	c.touch()
	c.mu.Unlock()
	return err
}

func (c *Client) candidate(data []byte) error {
	var f webrtc.ICECandidateInit
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	c.mu.Lock()
	pc := c.pc
	c.mu.Unlock()
	return pc.AddICECandidate(f)
}

// Publish adds a source and asks for a negotiation.
func (c *Client) Publish(s *Source) error {
	c.mu.Lock()
	c.local = append(c.local, s)
	c.mu.Unlock()
	return c.say("custom", map[string]any{"type": "renegotiateTracks"})
}

// Unpublish takes a source back and asks for a negotiation.
func (c *Client) Unpublish(s *Source) error {
	s.stop()
	c.mu.Lock()
	s.removed = true
	pc, sender := c.pc, s.sender
	c.mu.Unlock()
	if pc != nil && sender != nil {
		if err := pc.RemoveTrack(sender); err != nil {
			return err
		}
	}
	return c.say("custom", map[string]any{"type": "renegotiateTracks"})
}

// addLocal gives new sources an m-line each.
func (c *Client) addLocal(pc *webrtc.PeerConnection) error {
	c.mu.Lock()
	list := slices.DeleteFunc(slices.Clone(c.local), func(s *Source) bool { return c.added[s] || s.removed })
	for _, s := range list {
		c.added[s] = true
	}
	c.mu.Unlock()
	for _, s := range list {
		if err := s.attach(pc, c.tasks); err != nil {
			return err
		}
	}
	return nil
}
