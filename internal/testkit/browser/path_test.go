//go:build e2e

package browser

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// A room's codec is what travels in both directions.
func TestCodecs(t *testing.T) {
	for codec, mime := range map[string]string{"vp8": "video/VP8", "h264": "video/H264"} {
		t.Run(codec, func(t *testing.T) {
			eachSDK(t, func(t *testing.T, sdk string) {
				m := meet(t, sdk, fmt.Sprintf(`{"videoCodec":%q}`, codec))
				a := m.join("a")
				camera := a.camera(nil)
				b := m.join("b")
				back := b.camera(nil)
				sent, received := a.progress(back), b.progress(camera)
				if got := received.Tracks[camera].Codec; got != mime {
					t.Errorf("received %s, want %s", got, mime)
				}
				for _, o := range sent.Outbound {
					if o.Codec != mime {
						t.Errorf("sent %s, want %s", o.Codec, mime)
					}
				}
			})
		})
	}
}

// Media goes through TURN over UDP and over TCP; who uses one meets who uses
// the other.
func TestTransports(t *testing.T) {
	eachSDK(t, func(t *testing.T, sdk string) {
		node := startNode(t, map[string]string{"FJ_WEBRTC_TURN_TCP_PORT": strconv.Itoa(testkit.FreePorts(t, 1)[0])})
		m := &meeting{t: t, node: node, sdk: sdk, room: node.MustPostRoom(t, "").ID}
		var pages []*page
		var tracks [][]string
		for _, transport := range []string{"udp", "tcp"} {
			p := open(t, sdk, transport)
			m.invite().enter(p, map[string]any{"transport": transport})
			pages = append(pages, p)
			tracks = append(tracks, p.both())
		}
		everyoneSees(pages, tracks)
		for _, p := range pages {
			p.until(joinLimit, "is on "+p.name, func(v view) bool { return v.Relay == p.name })
		}
	})
}

// A room may be on another node than the one asked: peers join there, by the
// address that was answered.
func TestRoomOfAnotherNode(t *testing.T) {
	const secret = "shared by the nodes of this cluster, and long enough for that: 64 octets"
	ports := testkit.FreePorts(t, 3)
	var nodes []*testkit.Fjord
	for i, name := range []string{"f1", "f2"} {
		nodes = append(nodes, startNode(t, map[string]string{
			"FJ_PORT": strconv.Itoa(ports[i]), "FJ_HOST": "127.0.0.1:" + strconv.Itoa(ports[i]),
			"FJ_DIST_ENABLED": "true", "FJ_DIST_EPMD": "embedded", "ERL_EPMD_PORT": strconv.Itoa(ports[2]),
			"FJ_SECRET_KEY_BASE": secret, "FJ_DIST_NODE_NAME": name + "@localhost", "FJ_DIST_NODES": "f1@localhost f2@localhost",
		}))
	}
	testkit.WaitMesh(t, 10*time.Second, nodes...)
	used := map[string]bool{}
	for range 2 {
		room := nodes[0].MustPostRoom(t, "")
		used[room.Address] = true
		m := &meeting{t: t, node: testkit.Reach("http://" + room.Address), sdk: allSDKs()[0], room: room.ID}
		a := m.join("a")
		camera := a.camera(nil)
		b := m.join("b")
		b.progress(camera)
	}
	if len(used) != 2 {
		t.Errorf("both rooms are on one node: %v", used)
	}
}
