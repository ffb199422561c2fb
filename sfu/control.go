package sfu

import "github.com/pion/rtcp"

// control handles RTCP of the client, on its media goroutine.
func (s *session) control(packet []byte, arrival int64) {
	list, err := rtcp.Unmarshal(packet)
	if err != nil {
		return
	}
	for _, p := range list {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			s.up.senderReport(p, arrival)
			s.down.received(p.Reports)
		case *rtcp.ReceiverReport:
			s.down.received(p.Reports)
		case *rtcp.PictureLossIndication:
			s.down.keyFrame(p.MediaSSRC, arrival)
		case *rtcp.FullIntraRequest:
			for _, f := range p.FIR {
				s.down.keyFrame(f.SSRC, arrival)
			}
		case *rtcp.TransportLayerNack:
			s.down.resend(p, arrival)
		case *rtcp.TransportLayerCC:
			s.down.congestion(p, arrival)
		}
	}
}
