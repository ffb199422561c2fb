package sfupeer

import (
	"math/rand/v2"
	"sync"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// outlet is a local track that can change its SSRC, which Pion's cannot.
type outlet struct {
	*webrtc.TrackLocalStaticRTP

	mu          sync.Mutex
	writer      webrtc.TrackLocalWriter
	payloadType uint8
	ssrc        uint32 // 0: the one that was negotiated
}

// Bind implements webrtc.TrackLocal.
func (o *outlet) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codec, err := o.TrackLocalStaticRTP.Bind(c)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writer, o.payloadType = c.WriteStream(), uint8(codec.PayloadType)
	return codec, err
}

// change picks another SSRC.
func (o *outlet) change() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ssrc = rand.Uint32() | 1
}

func (o *outlet) changed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ssrc != 0
}

func (o *outlet) write(p *rtp.Packet) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ssrc == 0 || o.writer == nil {
		return o.WriteRTP(p)
	}
	p.SSRC, p.PayloadType = o.ssrc, o.payloadType
	_, err := o.writer.WriteRTP(&p.Header, p.Payload)
	return err
}
