package sfupeer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/fjord-media/fjord/internal/run"
)

// Plain is a client without media events: it posts its offer to a URL and gets
// the answer, as WHIP and WHEP do. It publishes Source or, without one, views
// one video track.
type Plain struct {
	URL    string
	Source *Source

	pc      *webrtc.PeerConnection
	packets atomic.Int64
	tasks   *run.Group
}

// PlainAPI is Pion as Client uses it: the same codecs, interceptors and
// candidates, IPv4 only.
func PlainAPI() (*webrtc.API, error) {
	return newAPI(Options{Codecs: []string{"VP8"}, Setting: func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	}})
}

// Start connects. Errors name the URL.
func (p *Plain) Start() error {
	if err := p.start(); err != nil {
		return fmt.Errorf("%s: %w", p.URL, err)
	}
	return nil
}

func (p *Plain) start() error {
	p.tasks = run.NewGroup(context.Background(), "plain", nil)
	api, err := PlainAPI()
	if err != nil {
		return err
	}
	if p.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return err
	}
	p.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := t.ReadRTP(); err != nil {
				return
			}
			p.packets.Add(1)
		}
	})
	if p.Source != nil {
		err = p.Source.attach(p.pc, p.tasks)
	} else {
		_, err = p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	}
	if err != nil {
		return err
	}
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	return p.exchange()
}

// exchange posts the offer and takes the answer.
func (p *Plain) exchange() error {
	body, err := json.Marshal(p.pc.LocalDescription())
	if err != nil {
		return err
	}
	client := http.Client{Timeout: time.Minute}
	got, err := client.Post(p.URL, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", got.StatusCode)
	}
	var answer webrtc.SessionDescription
	if err := json.NewDecoder(got.Body).Decode(&answer); err != nil {
		return err
	}
	return p.pc.SetRemoteDescription(answer)
}

// Packets is how many came.
func (p *Plain) Packets() int { return int(p.packets.Load()) }

// Close ends the client.
func (p *Plain) Close() {
	if p.Source != nil {
		p.Source.stop()
	}
	if p.pc == nil {
		return
	}
	_ = p.pc.GracefulClose()
	p.tasks.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), Limit)
	defer cancel()
	_ = p.tasks.Wait(ctx) // a bench's client: nobody would do anything about it
}
