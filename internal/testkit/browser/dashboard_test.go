//go:build e2e

package browser

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// dashLimit bounds what the dashboard may take to show something.
const dashLimit = 30 * time.Second

// dashboard is a page with the dashboard of a node.
type dashboard struct {
	t      *testing.T
	bridge *bridge
	page   int
}

// openDashboard starts a browser for it: it needs other requests than the
// pages of the SDKs.
func openDashboard(t *testing.T, url string) *dashboard {
	t.Helper()
	testkit.NeedTools(t, "node", "chromium")
	folder, err := modules()
	if err != nil {
		t.Fatal(err)
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan reply, 1)
	b := &bridge{waiting: map[int]chan reply{0: started}}
	b.cmd = exec.Command("node", filepath.Join(testkit.Root(t), "internal", "testkit", "browser", "dashboard.mjs"))
	b.cmd.Env = append(os.Environ(), "FJORD_BROWSER_MODULES="+folder, "FJORD_CHROMIUM="+chromium)
	b.cmd.Stderr = os.Stderr
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if b.in, err = b.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go b.read(out)
	t.Cleanup(b.close)
	if _, err := b.wait(started, "start"); err != nil {
		t.Fatal(err)
	}
	d := &dashboard{t: t, bridge: b}
	d.do("open", map[string]any{"url": url, "width": 1280, "height": 900, "scheme": "light"}, &d.page)
	return d
}

// do sends a request; result may be nil.
func (d *dashboard) do(op string, fields map[string]any, result any) {
	d.t.Helper()
	if d.page != 0 {
		fields["page"] = d.page
	}
	answer, err := d.bridge.ask(op, fields)
	if err == nil && result != nil {
		err = json.Unmarshal(answer, result)
	}
	if err != nil {
		d.t.Fatalf("dashboard: %s %v: %v", op, fields, err)
	}
}

func (d *dashboard) click(name string) { d.do("click", map[string]any{"name": name}, nil) }

// says polls the text of an element until it has all of these.
func (d *dashboard) says(selector string, parts ...string) string {
	d.t.Helper()
	var text string
	ok := func() bool {
		d.do("evaluate", map[string]any{"code": `document.querySelector("` + selector + `")?.innerText ?? ""`}, &text)
		for _, p := range parts {
			if !strings.Contains(text, p) {
				return false
			}
		}
		return true
	}
	start := time.Now()
	for !ok() {
		if time.Since(start) > dashLimit {
			d.t.Fatalf("%s says %q, want %q in it", selector, text, parts)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return text
}

// shoot takes a picture if $FJORD_SHOTS names a folder for them, and checks that
// nothing is wider than the window.
func (d *dashboard) shoot(name string, width, height int, scheme string) {
	d.t.Helper()
	folder := os.Getenv("FJORD_SHOTS")
	if folder == "" {
		folder = d.t.TempDir()
	}
	d.do("shoot", map[string]any{"path": filepath.Join(folder, name+".png"), "width": width, "height": height, "scheme": scheme}, nil)
	var wide int
	d.do("evaluate", map[string]any{"code": "document.documentElement.scrollWidth - document.documentElement.clientWidth"}, &wide)
	if wide > 0 {
		d.t.Errorf("%s: the page is %d pixels wider than the window of %d", name, wide, width)
	}
}

// TestDashboard: the token is asked for, nodes and rooms are shown, a room is
// made and says where it landed, and two peers of the page see each other.
func TestDashboard(t *testing.T) {
	c := testkit.NewCluster(t)
	c.Env["FJ_WEBRTC_TURN_IP"], c.Env["FJ_WEBRTC_TURN_LISTEN_IP"] = "127.0.0.1", "127.0.0.1"
	a := c.Node(t, "a@localhost").WaitUp(t)
	b := c.Node(t, "b@localhost", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
	testkit.WaitMesh(t, 10*time.Second, a, b)

	d := openDashboard(t, a.API+"/dashboard")
	d.fill("wrong")
	d.says("#fault", "Invalid token")
	d.shoot("token", 1280, 900, "light")
	d.fill(testkit.Token)
	d.says("#nodes", "a@localhost", "b@localhost", "up")
	d.says("#rooms", "No rooms yet")
	d.says("#link", "live")
	if landed := d.says("#landed"); landed != "" {
		t.Errorf("beside the button for rooms it says %q", landed)
	}

	d.click("Create a room")
	landed := d.says("#landed", "Room ", " is on ")
	if !strings.Contains(landed, strings.TrimPrefix(a.API, "http://")) && !strings.Contains(landed, strings.TrimPrefix(b.API, "http://")) {
		t.Errorf("landed nowhere: %s", landed)
	}
	d.says("#events", "room created")
	d.click("Add a peer here")
	d.says("#here", "joined")
	d.click("Add a peer here")
	d.decodes(2)
	d.says("#rooms", "connected", "video", "audio")
	testkit.Within(t, dashLimit, "the bitrates of four tracks are shown", func() bool {
		return strings.Count(d.says("#rooms"), "kbit/s") == 4
	})
	d.says("#here", "kbit/s up", "kbit/s down")
	d.shoot("wide-light", 1280, 900, "light")
	d.shoot("wide-dark", 1280, 900, "dark")
	d.shoot("phone-light", 390, 844, "light")
	d.shoot("phone-dark", 390, 844, "dark")
	d.keyboard()

	d.click("Leave")
	d.says("#events", "peer disconnected")
	d.click("End the room")
	d.says("#rooms", "No rooms yet")
	if status, rooms, err := a.Do(http.MethodGet, "/room", ""); err != nil || status != http.StatusOK || rooms != `{"data":[]}` {
		t.Errorf("%d %s %v", status, rooms, err)
	}
	d.click("Sign out")
	d.says("#link", "not connected")
	d.says("#login", "API token")
	d.quiet()
}

func (d *dashboard) fill(token string) {
	d.do("fill", map[string]any{"selector": "#token", "text": token}, nil)
	d.click("Open")
}

// decodes waits until n pictures of other peers move.
func (d *dashboard) decodes(n int) {
	d.t.Helper()
	const frames = `[...document.querySelectorAll("#here video")].filter((v) => !v.muted).map((v) => v.getVideoPlaybackQuality().totalVideoFrames)`
	var counts []int
	start := time.Now()
	for moving := 0; moving < n; {
		if time.Since(start) > dashLimit {
			d.t.Fatalf("frames of the pictures: %v, want %d that move", counts, n)
		}
		time.Sleep(200 * time.Millisecond)
		d.do("evaluate", map[string]any{"code": frames}, &counts)
		moving = 0
		for _, frames := range counts {
			if frames >= 10 {
				moving++
			}
		}
	}
}

// keyboard walks through the page with the Tab key: buttons are reached and
// show it.
func (d *dashboard) keyboard() {
	d.t.Helper()
	var seen []string
	for range 12 {
		d.do("press", map[string]any{"key": "Tab"}, nil)
		var at string
		d.do("evaluate", map[string]any{"code": `(() => { const e = document.activeElement;
			return e.tagName + " " + (e.id || e.textContent) + " " + getComputedStyle(e).outlineStyle; })()`}, &at)
		seen = append(seen, at)
	}
	if all := strings.Join(seen, "\n"); !strings.Contains(all, "BUTTON Create a room solid") {
		d.t.Errorf("the Tab key goes to\n%s", all)
	}
}

// quiet checks that the console has no errors but that of the wrong token.
func (d *dashboard) quiet() {
	d.t.Helper()
	var lines []string
	d.do("console", map[string]any{}, &lines)
	for _, line := range lines {
		if !strings.Contains(line, "401") && (strings.HasPrefix(line, "error") || strings.HasPrefix(line, "uncaught")) {
			d.t.Error(line)
		}
	}
}
