//go:build e2e

package mixed

import (
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// sharedKey is a FJ_SECRET_KEY_BASE that all nodes of a test have.
const sharedKey = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// routes are all requests about a room: ROOM, PEER and COMPONENT stand for its
// id and those of a peer and a component.
func routes() []struct{ method, path, body string } {
	return []struct{ method, path, body string }{
		{"GET", "/room/ROOM", ""},
		{"GET", "/room/ROOM-none", ""},
		{"POST", "/room/ROOM/peer", `{"type":"webrtc","options":{"enableSimulcast":"x"}}`},
		{"POST", "/room/ROOM/peer", `{"type":"sip","options":{}}`},
		{"DELETE", "/room/ROOM/peer/none", ""},
		{"POST", "/room/ROOM/component", `{"type":"hls","options":{}}`},
		{"POST", "/room/ROOM/component", `{"type":"rtsp","options":{"sourceUri":"rtsp://127.0.0.1:1/x"}}`},
		{"POST", "/room/ROOM/component", `{"type":"none"}`},
		{"DELETE", "/room/ROOM/component/COMPONENT", ""},
		{"POST", "/room/ROOM/component/COMPONENT/subscribe", `{"origins":["PEER"]}`},
		{"POST", "/room/ROOM/component/COMPONENT/subscribe", `{"origins":5}`},
		{"POST", "/sip/ROOM/COMPONENT/call", `{"phoneNumber":"123"}`},
		{"DELETE", "/sip/ROOM/COMPONENT/call", ""},
		{"DELETE", "/room/ROOM/peer/PEER", ""},
		{"DELETE", "/room/ROOM/peer/PEER", ""},
		{"DELETE", "/room/ROOM", ""},
		{"DELETE", "/room/ROOM", ""},
	}
}

// With FJ_ROOM_ROUTING=transparent, and with main's request routing, every REST
// route answers on another node what it answers on the owner; peers get the
// owner's address and a token that it accepts; files are redirected to.
func TestEveryRouteOnEveryNode(t *testing.T) {
	t.Parallel()
	for variable, value := range map[string]string{"FJ_ROOM_ROUTING": "transparent", "FJ_FEATURE_FLAG_REQUEST_ROUTING_ENABLED": "true"} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			nodes := w.fjords([]string{"f1@localhost", "f2@localhost"}, variable, value, "FJ_SECRET_KEY_BASE", sharedKey, "FJ_COMPONENTS_USED", "hls rtsp sip", "FJ_SIP_IP", "127.0.0.1")
			testkit.WaitMesh(t, 3*time.Second, nodes...)
			members(t, 3*time.Second, 2, nodes...)
			asked, owner := nodes[0], nodes[1]
			mine := roomOn(t, asked, "f2:1")
			theirs := roomOn(t, owner, "f2:1") // for the owner's own answers
			for _, f := range nodes {
				if ids := roomIDs(f); !slices.Contains(ids, mine) || !slices.Contains(ids, theirs) {
					t.Errorf("%s lists %q", f.Name, ids)
				}
			}
			here, there := addPeer(t, asked, mine), addPeer(t, owner, theirs)
			if here.url != there.url || !strings.HasPrefix(here.url, "f2:1/") {
				t.Errorf("peers are sent to %q, those of the owner to %q", here.url, there.url)
			}
			if err := enter(t, owner, here.token); err != nil {
				t.Errorf("the owner refuses the other node's token: %v", err)
			}
			redirects(t, asked, mine, "f2:1")
			if variable == "FJ_ROOM_ROUTING" {
				idsOfClients(t, nodes)
			}
			for _, r := range routes() {
				got := asks(t, asked, r.method, r.path, r.body, mine, here.peer)
				want := asks(t, owner, r.method, r.path, r.body, theirs, there.peer)
				got.body = strings.ReplaceAll(strings.ReplaceAll(got.body, mine, "ROOM"), here.peer, "PEER")
				want.body = strings.ReplaceAll(strings.ReplaceAll(want.body, theirs, "ROOM"), there.peer, "PEER")
				got.body = strings.ReplaceAll(got.body, `"connected"`, `"disconnected"`) // one has a socket
				if got != want {
					t.Errorf("%s %s %s: %d %s, on the owner %d %s", r.method, r.path, r.body, got.status, got.body, want.status, want.body)
				}
				if got.status >= 500 {
					t.Errorf("%s %s: %d %s", r.method, r.path, got.status, got.body)
				}
			}
			for _, f := range nodes {
				if ids := roomIDs(f); slices.Contains(ids, mine) || slices.Contains(ids, theirs) {
					t.Errorf("%s still lists %q", f.Name, ids)
				}
			}
		})
	}
}

// idsOfClients checks rooms whose ids say nothing of their owner.
func idsOfClients(t *testing.T, nodes []*testkit.Fjord) {
	t.Helper()
	for _, id := range []string{"hall", "lobby", "attic"} {
		if r, err := nodes[0].PostRoom(`{"roomId":"` + id + `"}`); err != nil || r.ID != id {
			t.Errorf("room %s: %+v %v", id, r, err)
		}
		for _, f := range nodes {
			if !has(f, id) {
				t.Errorf("%s does not find the room %s", f.Name, id)
			}
			if _, err := f.PostRoom(`{"roomId":"` + id + `"}`); err == nil || !strings.Contains(err.Error(), "status 400") {
				t.Errorf("%s makes a second room %s: %v", f.Name, id, err)
			}
		}
		if status, body, err := nodes[1].Do(http.MethodDelete, "/room/"+id, ""); err != nil || status != http.StatusNoContent {
			t.Errorf("delete %s: %d %s %v", id, status, body, err)
		}
	}
}

// roomOn makes rooms through a node until one is at an address.
func roomOn(t *testing.T, f *testkit.Fjord, address string) string {
	t.Helper()
	for range 10 {
		if r := answers(t, f); r.Address == address {
			return r.ID
		}
	}
	t.Fatalf("no room at %s", address)
	return ""
}

type reply struct {
	status int
	body   string
}

// asks makes one of the requests of routes.
func asks(t *testing.T, f *testkit.Fjord, method, path, body, room, peer string) reply {
	t.Helper()
	names := strings.NewReplacer("ROOM", room, "PEER", peer, "COMPONENT", "5f6e9a0c-0000-4000-8000-000000000000")
	status, text, err := f.Do(method, names.Replace(path), names.Replace(body))
	if err != nil {
		t.Fatalf("%s: %s %s: %v", f.Name, method, path, err)
	}
	return reply{status, text}
}

// redirects checks the way to the files of a room on another node, with their
// query.
func redirects(t *testing.T, f *testkit.Fjord, room, owner string) {
	t.Helper()
	path := "/hls/" + room + "/index.m3u8?_HLS_msn=3&_HLS_part=1"
	client := http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(f.API + path)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if where := answer.Header.Get("Location"); answer.StatusCode != http.StatusMovedPermanently || where != "http://"+owner+path {
		t.Errorf("HLS of another node's room: %d, to %q", answer.StatusCode, where)
	}
}

// Without routing clients of 0.6.3 see its answers, of every route: a room is
// unknown anywhere but on its own node.
func TestNoRouteWithoutRouting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodes := w.fjords([]string{"f1@localhost", "f2@localhost"}, "FJ_COMPONENTS_USED", "hls rtsp sip", "FJ_SIP_IP", "127.0.0.1")
	testkit.WaitMesh(t, 3*time.Second, nodes...)
	members(t, 3*time.Second, 2, nodes...)
	id := roomOn(t, nodes[0], "f2:1")
	for _, r := range routes() {
		got := asks(t, nodes[0], r.method, r.path, r.body, id, "peer")
		want := asks(t, nodes[0], r.method, r.path, r.body, "unknown", "peer")
		if got.body = strings.ReplaceAll(got.body, id, "unknown"); got != want || got.status >= 500 || got.status < 400 {
			t.Errorf("%s %s: %d %s, of a room that is nowhere %d %s", r.method, r.path, got.status, got.body, want.status, want.body)
		}
	}
	if !has(nodes[1], id) {
		t.Error("the room is gone")
	}
}

// A token of one node is good on the others when they share a key, one of their
// own or one that they derive from what they share: then the room is what is not
// found there. With nothing but what everybody knows it is not derived.
func TestTokensOfOtherNodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    []string
		reason string // of the other node
		log    string
	}{
		"shared key":        {[]string{"FJ_SECRET_KEY_BASE", sharedKey}, "room not found", ""},
		"derived":           {[]string{"FJ_DIST_COOKIE", "of-our-own", "FJ_SERVER_API_TOKEN", "of-our-own-too"}, "room not found", `\[warning\].*derived from FJ_SERVER_API_TOKEN and FJ_DIST_COOKIE`},
		"default cookie":    {[]string{"FJ_SERVER_API_TOKEN", "of-our-own-too"}, "invalid token", `\[error\].*valid on this node only`},
		"well-known token":  {[]string{"FJ_DIST_COOKIE", "of-our-own"}, "invalid token", `\[error\].*valid on this node only`},
		"different secrets": {[]string{"FJ_SECRET_KEY_BASE", ""}, "invalid token", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var nodes []*testkit.Fjord
			for i, node := range []string{"f1@localhost", "f2@localhost"} {
				env := append([]string{"FJ_DIST_NODES", "f1@localhost"}, c.env...)
				if env[3] == "" {
					env[3] = strings.Repeat(string(rune('a'+i)), 64)
				}
				nodes = append(nodes, w.fjord(node, env...))
			}
			testkit.WaitMesh(t, 3*time.Second, nodes...)
			members(t, 3*time.Second, 2, nodes...)
			a := addPeer(t, nodes[1], roomOn(t, nodes[0], "f2:1"))
			if err := enter(t, nodes[0], a.token); err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("another node: %v, want %q", err, c.reason)
			}
			if err := enter(t, nodes[1], a.token); err != nil {
				t.Errorf("its own node: %v", err)
			}
			if c.log != "" {
				nodes[0].WaitLog(t, time.Second, c.log)
			}
		})
	}
}

// A golden token, which a Fishjam node of the same key has minted, is good here:
// what is missing is the room.
func TestTokenOfTheOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.fjord("f1@localhost", "FJ_SECRET_KEY_BASE", sharedKey)
	for token, reason := range map[string]string{
		originalToken(t, time.Now()):                      "room not found",
		originalToken(t, time.Now().Add(-25*time.Hour)):   "expired token",
		originalToken(t, time.Now()) + "x":                "invalid token",
		"SFMyNTY." + strings.Repeat("A", 40) + ".AAAAAAA": "invalid token",
	} {
		if err := enter(t, f, token); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v, want %q", token, err, reason)
		}
	}
}

// originalToken makes a token as Phoenix.Token does: by erl, not by Fjord's code.
func originalToken(t *testing.T, signed time.Time) string {
	t.Helper()
	expr := fmt.Sprintf(`S = <<"%s">>, K = crypto:pbkdf2_hmac(sha256, S, S, 1000, 32),
		E = fun(B) -> binary:replace(binary:replace(string:trim(base64:encode(B), trailing, "="), <<"+">>, <<"-">>, [global]), <<"/">>, <<"_">>, [global]) end,
		P = E(term_to_binary({#{peer_id => <<"p">>, room_id => <<"r">>}, %d, 86400})), H = <<"SFMyNTY.", P/binary>>,
		M = E(crypto:mac(hmac, sha256, K, H)), io:put_chars([H, ".", M]), halt().`, sharedKey, signed.UnixMilli())
	out, err := exec.CommandContext(t.Context(), "erl", "-noshell", "-eval", strings.ReplaceAll(expr, "\n", " ")).CombinedOutput()
	if err != nil {
		t.Fatalf("make a token: %v\n%s", err, out)
	}
	return string(out)
}
