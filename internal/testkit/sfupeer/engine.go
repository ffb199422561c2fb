package sfupeer

import (
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
)

func registerCodecs(m *webrtc.MediaEngine, video []string) error {
	if video == nil {
		video = []string{"VP8", "H264"}
	}
	opus := webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
		},
		PayloadType: 111,
	}
	if err := m.RegisterCodec(opus, webrtc.RTPCodecTypeAudio); err != nil {
		return err
	}
	feedback := []webrtc.RTCPFeedback{{Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	parameters := map[string]string{
		"H264": "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", "VP9": "profile-id=0",
	}
	for i, name := range video {
		pt := webrtc.PayloadType(96 + 2*i)
		media := webrtc.RTPCodecCapability{MimeType: "video/" + name, ClockRate: 90000, SDPFmtpLine: parameters[name], RTCPFeedback: feedback}
		if err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: media, PayloadType: pt}, webrtc.RTPCodecTypeVideo); err != nil {
			return err
		}
		rtx := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=" + itoa(int(pt))}
		if err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: rtx, PayloadType: pt + 1}, webrtc.RTPCodecTypeVideo); err != nil {
			return err
		}
	}
	return m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"}, webrtc.RTPCodecTypeAudio)
}

func newInterceptors(m *webrtc.MediaEngine) (*interceptor.Registry, error) {
	r := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(m, r); err != nil {
		return nil, err
	}
	if err := webrtc.ConfigureTWCCHeaderExtensionSender(m, r); err != nil {
		return nil, err
	}
	return r, nil
}
