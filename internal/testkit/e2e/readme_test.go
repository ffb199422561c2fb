//go:build e2e

package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// What the README tells a newcomer to type is typed here, section by section,
// word for word.

// ends runs a command to its end and returns what it printed.
func ends(t *testing.T, place testkit.Place, line string) string {
	t.Helper()
	p := testkit.Shell(t, place.Host, line)
	if code := p.WaitExit(t, 10*time.Second); code != 0 {
		t.Errorf("%s: exit code %d: %s", line, code, p.Log())
	}
	return p.Log()
}

// stays runs a command that starts a node and waits until that answers.
func stays(t *testing.T, place testkit.Place, line, api string) *testkit.Process {
	t.Helper()
	p := testkit.Shell(t, place.Host, line)
	testkit.Within(t, 5*time.Second, line+" is up", func() bool {
		if p.Exited() {
			t.Fatalf("%s ended: %s", line, p.Log())
		}
		return testkit.PortOpen(place.Host, api)
	})
	return p
}

// section returns a README section's commands and how many the test expects,
// so that no new one goes untested.
func section(t *testing.T, heading string, want int) []string {
	t.Helper()
	lines := testkit.README(t, heading)
	if len(lines) != want {
		t.Fatalf("README.md, %s: %d commands, the test knows %d: %q", heading, len(lines), want, lines)
	}
	return lines
}

func mustMatch(t *testing.T, what, text, expr string) {
	t.Helper()
	if !regexp.MustCompile(expr).MatchString(text) {
		t.Errorf("%s: %q does not match %s", what, text, expr)
	}
}

func TestREADMEOneNode(t *testing.T) {
	place := testkit.NewPlace(t)
	lines := section(t, "One node", 4)
	f := stays(t, place, lines[0], "127.0.0.1:5002")
	mustMatch(t, "POST", ends(t, place, lines[1]), `"fishjam_address":"127\.0\.0\.1:5002"`)
	mustMatch(t, "GET", ends(t, place, lines[2]), `"id":"[0-9a-f-]{36}"`)
	mustMatch(t, "health", ends(t, place, lines[3]), `"status":"UP"`)
	for _, s := range testkit.Listening(t, f.Pid) {
		if !strings.Contains(s, " 127.0.0.1:") && !strings.Contains(s, " [::1]:") {
			t.Errorf("development mode listens on %s", s)
		}
	}
}

func TestREADMENodesList(t *testing.T) {
	place := testkit.NewPlace(t)
	endEPMD(t, place)
	lines := section(t, "NODES_LIST: nodes known by name", 8)
	stays(t, place, lines[0], "127.0.0.1:5002")
	second := stays(t, place, lines[1], "127.0.0.1:4002")
	// Line 2 is what one of them logs, to the letter behind the time.
	second.WaitLog(t, 3*time.Second, `(?m)^\S+ `+regexp.QuoteMeta(lines[2])+`$`)
	both := ends(t, place, lines[3]) + ends(t, place, lines[4])
	for _, address := range []string{"127.0.0.1:5002", "127.0.0.1:4002"} {
		if n := strings.Count(both, `"fishjam_address":"`+address+`"`); n != 1 {
			t.Errorf("%d rooms at %s in %s", n, address, both)
		}
	}
}

func TestREADMEJellyfish(t *testing.T) {
	place := testkit.NewPlace(t)
	endEPMD(t, place)
	p := stays(t, place, section(t, "With variables of Jellyfish", 1)[0], "127.0.0.1:5002")
	p.WaitLog(t, time.Second, `JF_DIST_NODE_NAME is the deprecated name of FJ_DIST_NODE_NAME`)
	p.WaitLog(t, time.Second, `node_name: :j1@localhost`)
}

// A node joins the cluster of an erl, and an erl joins a node's.
func TestREADMEJoinABEAM(t *testing.T) {
	place := testkit.NewPlace(t)
	endEPMD(t, place)
	lines := section(t, "Joining an existing BEAM cluster", 5)
	f := stays(t, place, lines[0], "127.0.0.1:5002")
	fishjam := testkit.StartBEAM(t, testkit.BEAMOptions{Host: place.Host, Name: "fishjam@localhost"})
	f.WaitLog(t, 10*time.Second, `connected to :fishjam@localhost\n`)
	fishjam.Expect(t, `global:sync().`, "ok")
	fishjam.Expect(t, `global:register_name(n, self()).`, "yes")
	// The shell's session: commands behind their prompts, answers below.
	testkit.NeedTools(t, "erl")
	session := strings.Join(promptless(lines[2:]), "\n")
	out := ends(t, place, "printf '%s\\n' \""+strings.ReplaceAll(session, `"`, `\"`)+"\" 'halt().' | "+lines[1])
	mustMatch(t, "the shell", out, `(?s)1> pong\n.*forwarded_tracks_number => 0`)
}

// An operator adds a node to a cluster of the original, looks at it and drains it.
func TestREADMEOperating(t *testing.T) {
	place := testkit.NewPlace(t)
	endEPMD(t, place)
	join := section(t, "Replacing Fishjam nodes", 2)
	look := section(t, "Looking at the links", 2)
	drain := section(t, "Draining", 3)
	f := stays(t, place, join[0], "127.0.0.1:5002")
	testkit.StartBEAM(t, testkit.BEAMOptions{Host: place.Host, Name: "fishjam@localhost"})
	f.WaitLog(t, 10*time.Second, `connected to :fishjam@localhost\n`)
	for _, line := range []string{join[1], look[0]} {
		mustMatch(t, line, ends(t, place, line), `(?s)f1@localhost: ready;.*\nfishjam@localhost +up +for `)
	}
	mustMatch(t, look[1], ends(t, place, look[1]), `"node":"fishjam@localhost","state":"up"`)

	one := section(t, "One node", 4)
	created := ends(t, place, one[1])
	id := regexp.MustCompile(`"id":"([0-9a-f-]{36})"`).FindStringSubmatch(created)
	if id == nil {
		t.Fatalf("no room: %s", created)
	}
	ready := "curl -s -o /dev/null -w %{http_code} http://localhost:5002/readyz"
	ends(t, place, drain[0])
	mustMatch(t, "readyz", ends(t, place, ready), `503$`)
	ends(t, place, drain[1])
	mustMatch(t, "readyz", ends(t, place, ready), `200$`)
	ends(t, place, `curl -s -X DELETE -H "authorization: Bearer development" http://localhost:5002/room/`+id[1])
	ends(t, place, drain[2])
	if code := f.WaitExit(t, 3*time.Second); code != 0 {
		t.Errorf("the drained node ends with %d: %s", code, f.Log())
	}
}

// promptless returns the commands of a shell's session.
func promptless(lines []string) []string {
	var commands []string
	prompt := regexp.MustCompile(`^\d+> `)
	for _, l := range lines {
		if prompt.MatchString(l) {
			commands = append(commands, prompt.ReplaceAllString(l, ""))
		}
	}
	return commands
}
