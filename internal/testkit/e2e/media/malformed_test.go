//go:build e2e

package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/stun/v4"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/internal/testkit/sfupeer"
	pb "github.com/fjord-media/fjord/proto"
)

// bystanders are two peers whose media nothing may disturb.
type bystanders struct{ a, b *peer }

func (n *node) bystanders(t *testing.T, room string) bystanders {
	t.Helper()
	s := bystanders{n.join(t, room, sfupeer.Options{}), n.join(t, room, sfupeer.Options{})}
	publish(t, s.a, video("calm:v"))
	flows(t, s.b, "calm:v", 20)
	return s
}

// unharmed checks that nothing happened to them.
func (s bystanders) unharmed(t *testing.T) {
	t.Helper()
	flows(t, s.b, "calm:v", 20)
	for _, p := range []*peer{s.a, s.b} {
		select {
		case <-p.Done:
			t.Errorf("%s: closed with %d %q", p.id, p.Code, p.Reason)
		default:
		}
	}
	if f := s.b.Received("calm:v").Faults; len(f) > 0 {
		t.Errorf("%v", f)
	}
}

// offerChange is something done to a client's offer.
type offerChange struct {
	name   string
	change func(sdp string) string
	crash  string // part of the close reason; "": it is answered, or a reason is given
}

func offerChanges() []offerChange {
	section := func(sdp string) (head, first string) {
		at := strings.Index(sdp, "m=")
		return sdp[:at], sdp[at:]
	}
	return []offerChange{
		{"a thousand m-lines", func(sdp string) string {
			head, _ := section(sdp)
			var b strings.Builder
			b.WriteString(head)
			for i := range 1000 {
				b.WriteString("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:" + strconv.Itoa(i) + "\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n")
			}
			return b.String()
		}, "too many m-lines"},
		{"more than is read", func(sdp string) string { return sdp + strings.Repeat("a=x\r\n", 1<<18) }, "read limited"},
		{"a mid twice", func(sdp string) string { _, first := section(sdp); return sdp + first }, "malformed offer"},
		{"unknown rids", func(sdp string) string {
			return sdp + "a=rid:zz send\r\na=rid:q send\r\na=simulcast:send zz;q\r\n"
		}, ""},
		{"no ICE", func(sdp string) string { return strings.ReplaceAll(sdp, "a=ice-ufrag", "a=x-ufrag") }, "ICE or DTLS parameters missing"},
		{"a fingerprint of nothing", func(sdp string) string {
			return strings.ReplaceAll(sdp, "a=fingerprint:sha-256 ", "a=fingerprint:sha-1 zz")
		}, "ICE or DTLS parameters missing"},
		{"no codec that the room takes", func(sdp string) string { return strings.ReplaceAll(sdp, " VP8/", " VPX/") }, "no common codec"},
		{"half of it", func(sdp string) string { return sdp[:len(sdp)/2] }, ""},
		{"nothing", func(string) string { return "" }, ""},
		{"noise", func(string) string { return noise(3000) }, ""},
		{"payload types out of range", func(sdp string) string { return strings.ReplaceAll(sdp, "a=rtpmap:9", "a=rtpmap:999999999999") }, ""},
		{"extension ids out of range", func(sdp string) string { return strings.ReplaceAll(sdp, "a=extmap:", "a=extmap:25") }, ""},
		{"all rejected", func(sdp string) string { return strings.ReplaceAll(sdp, "m=video 9", "m=video 0") }, ""},
		{"SSRCs out of range", func(sdp string) string { return strings.ReplaceAll(sdp, "a=ssrc:", "a=ssrc:99999999999") }, ""},
	}
}

func noise(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return string(b)
}

// TestOffers: whatever a client offers ends in silence or in a clear reason for
// itself, and in nothing for the others of the room.
func TestOffers(t *testing.T) {
	n := start(t)
	room := n.MustPostRoom(t, `{"videoCodec":"vp8"}`).ID
	calm := n.bystanders(t, room)
	for _, c := range offerChanges() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := n.connectChanged(n.mustAddPeer(t, room), sfupeer.Options{}, func(event []byte) []byte { return inOffer(event, c.change) })
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Leave)
			publish(t, p, video("bad:v"))
			testkit.Within(t, limit, "the offer is answered, or ends the peer", func() bool {
				select {
				case <-p.Done:
					return true
				default:
					return p.Count("sdpAnswer") > 0
				}
			})
			if p.Count("sdpAnswer") == 0 && (p.Code < websocket.StatusMessageTooBig || !strings.Contains(p.Reason, c.crash)) {
				t.Errorf("closed with %d %q, want %q", p.Code, p.Reason, c.crash)
			}
			if p.Count("sdpAnswer") > 0 && c.crash != "" {
				t.Errorf("answered, want %q", c.crash)
			}
		})
	}
	t.Cleanup(func() { calm.unharmed(t) })
}

// inOffer changes the SDP of an sdpOffer.
func inOffer(event []byte, change func(string) string) []byte {
	if !bytes.Contains(event, []byte(`"sdpOffer"`)) {
		return event
	}
	var e map[string]any
	if json.Unmarshal(event, &e) != nil {
		return event
	}
	offer := e["data"].(map[string]any)["data"].(map[string]any)["sdpOffer"].(map[string]any)
	offer["sdp"] = change(offer["sdp"].(string))
	changed, err := json.Marshal(e)
	if err != nil {
		return event
	}
	return changed
}

// TestFrames: noise, cut and mixed messages on the peer socket, before and
// after authentication, and media events that make no sense.
func TestFrames(t *testing.T) {
	n := start(t)
	room := n.MustPostRoom(t, "").ID
	calm := n.bystanders(t, room)
	for _, message := range frames() {
		ws, err := sfupeer.DialSocket(n.API)
		if err != nil {
			t.Fatal(err)
		}
		write(ws, message)
		if _, _, err := read(ws); websocket.CloseStatus(err) == -1 {
			t.Errorf("before authentication, after %.40q: %v", message, err)
		}
		_ = ws.CloseNow()
	}
	p := n.join(t, room, sfupeer.Options{})
	for _, event := range events() {
		select {
		case <-p.Done: // a reason was given: begin again
			p = n.join(t, room, sfupeer.Options{})
		default:
		}
		_ = p.Write(&pb.PeerMessage{Content: &pb.PeerMessage_MediaEvent_{MediaEvent: &pb.PeerMessage_MediaEvent{Data: event}}})
	}
	for _, message := range frames() {
		q := n.join(t, room, sfupeer.Options{})
		write(q.Conn, message)
		q.Leave()
	}
	calm.unharmed(t)
}

func write(ws *websocket.Conn, b []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_ = ws.Write(ctx, websocket.MessageBinary, b) // the node may have closed
}

func read(ws *websocket.Conn) (websocket.MessageType, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Slack*limit)
	defer cancel()
	return ws.Read(ctx)
}

// frames are messages that are no first message of a peer.
func frames() [][]byte {
	list := [][]byte{{}, {0}, {0xff}, {0x12}, {0x12, 0xff, 0xff, 0xff, 0xff, 0x0f}, {0x12, 5, 0x0a, 9, 'x'}, {0x1a, 2, 0x0a, 0},
		bytes.Repeat([]byte{0x12, 0x80}, 2000), []byte(`{"type":"connect"}`)}
	for range 10 {
		list = append(list, []byte(noise(1+rand.IntN(400))))
	}
	return list
}

// events are media events of a broken or hostile client.
func events() []string {
	deep := strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)
	list := []string{
		"", "null", "7", "[]", "{", `{"type":null}`, `{"type":"custom"}`, `{"type":"custom","data":7}`, `{"type":"custom","data":{"type":"custom","data":{"type":"custom"}}}`,
		`{"type":"connect","data":{"metadata":` + deep + `}}`, `{"type":"updateEndpointMetadata","data":{"metadata":` + deep + `}}`,
		`{"type":"updateTrackMetadata","data":{"trackId":"calm:v","trackMetadata":1}}`,
		`{"type":"disableTrackEncoding","data":{"trackId":"calm:v","encoding":"h"}}`,
		`{"type":"custom","data":{"type":"setTargetTrackVariant","data":{"trackId":"calm:v","variant":"xl"}}}`,
		`{"type":"custom","data":{"type":"setTargetTrackVariant","data":{"trackId":"calm:v","variant":"l"}}}`,
		`{"type":"custom","data":{"type":"trackVariantBitrates","data":{"trackId":"calm:v","variantBitrates":{"h":-1}}}}`,
		`{"type":"custom","data":{"type":"sdpOffer","data":{"sdpOffer":{"type":"offer","sdp":"v=0"},"midToTrackId":{"0":"calm:v"}}}}`,
		`{"type":"custom","data":{"type":"sdpOffer","data":null}}`,
		`{"type":"custom","data":{"type":"candidate","data":{"candidate":7}}}`,
	}
	for range 2000 {
		list = append(list, `{"type":"custom","data":{"type":"renegotiateTracks"}}`)
	}
	for range 20 {
		list = append(list, strings.ToValidUTF8(noise(200), "?"))
	}
	return append(list, `{"type":"disconnect"}`, `{"type":"disconnect"}`, `{"type":"connect","data":{}}`)
}

// TestDatagrams: floods of STUN, TURN, DTLS, RTP and noise on the media socket
// and on TURN's TCP port.
func TestDatagrams(t *testing.T) {
	n := start(t)
	room := n.MustPostRoom(t, "").ID
	calm := n.bystanders(t, room)
	goroutines, descriptors := n.gauge(t, "go_goroutines"), n.descriptors(t)
	udp, tcp := turnPorts(t, calm.b)
	for range 3 {
		conn, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", udp))
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range datagrams(4000) {
			_, _ = conn.Write(b)
			if i%100 == 99 {
				time.Sleep(time.Millisecond) // so that most of it arrives
			}
		}
		_ = conn.Close()
	}
	for _, b := range datagrams(60) {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", tcp))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write(b)
		_, _ = conn.Write(b)
		_ = conn.Close()
	}
	calm.unharmed(t)
	n.settles(t, goroutines, descriptors)
}

func turnPorts(t *testing.T, p *peer) (udp, tcp int) {
	t.Helper()
	for _, e := range p.Events() {
		var d struct {
			Turns []struct {
				Port      int    `json:"serverPort"`
				Transport string `json:"transport"`
			} `json:"integratedTurnServers"`
		}
		if e.Type != "offerData" || json.Unmarshal(e.Data, &d) != nil {
			continue
		}
		for _, s := range d.Turns {
			if s.Transport == "tcp" {
				tcp = s.Port
			} else {
				udp = s.Port
			}
		}
	}
	if udp == 0 || tcp == 0 {
		t.Fatalf("TURN at %d and %d", udp, tcp)
	}
	return udp, tcp
}

// datagrams are n of all kinds: well-formed without credentials, cut, noise.
func datagrams(n int) [][]byte {
	var list [][]byte
	for i := range n {
		var b []byte
		switch i % 6 {
		case 0: // a check with credentials of nobody
			b = message(stun.BindingRequest, stun.NewUsername("abcdefghijkl:mnop"), stun.NewShortTermIntegrity("x"), stun.Fingerprint)
		case 1:
			b = message(stun.NewType(stun.MethodAllocate, stun.ClassRequest), stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}})
		case 2: // a proof that is none
			b = message(stun.NewType(stun.MethodAllocate, stun.ClassRequest), stun.NewUsername("1:x"), stun.NewRealm("turn.stun.localhost"),
				stun.NewNonce("7f-0011223344556677"), stun.NewLongTermIntegrity("1:x", "turn.stun.localhost", "y"))
		case 3: // channel data of nobody
			b = binary.BigEndian.AppendUint16([]byte{0x40, byte(i)}, 100)
			b = append(b, noise(100)...)
		case 4: // RTP, RTCP, DTLS
			b = append([]byte{[]byte{0x80, 0x90, 0x81, 22, 0xb0}[i/6%5], byte(i)}, noise(60)...)
		default:
			b = []byte(noise(1 + i%1400))
		}
		if i%7 == 0 {
			b = b[:len(b)/2]
		}
		list = append(list, b)
	}
	return list
}

func message(set ...stun.Setter) []byte {
	m, err := stun.Build(append([]stun.Setter{stun.TransactionID}, set...)...)
	if err != nil {
		return nil
	}
	return m.Raw
}
