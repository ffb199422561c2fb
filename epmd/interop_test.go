//go:build interop

package epmd

import (
	"bytes"
	"fmt"
	"net/netip"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/google/go-cmp/cmp"
)

// TestBEAM: nodes of every installed release register with this server, find
// each other and the keeper's name, and, like the keeper, register again when
// the server was restarted.
func TestBEAM(t *testing.T) {
	for _, otp := range testkit.OTPs(t) {
		t.Run(otp.Release, func(t *testing.T) { testBEAM(t, otp) })
	}
}

func testBEAM(t *testing.T, otp testkit.OTP) {
	s := serve(t, 0, ServerOptions{})
	port := s.Port()
	k, err := Keep(newGroup(t), s.client(), Registration{Name: "keeper", Port: 9000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{fmt.Sprintf("ERL_EPMD_PORT=%d", port)}
	a := testkit.StartBEAM(t, testkit.BEAMOptions{OTP: otp, Name: "a@localhost", Env: env})
	b := testkit.StartBEAM(t, testkit.BEAMOptions{OTP: otp, Name: "b@localhost", Env: env})

	const sorted = `{ok, Names} = net_adm:names(), lists:sort([N || {N, _} <- Names]).`
	a.Expect(t, sorted, `["a","b","keeper"]`)
	a.Expect(t, `{ok, N} = net_adm:names("localhost"), proplists:get_value("keeper", N).`, "9000")
	a.Expect(t, `erl_epmd:port_please("keeper", {127,0,0,1}).`, "{port,9000,6}")
	a.Expect(t, `erl_epmd:port_please("nobody", {127,0,0,1}).`, "noport")
	b.Expect(t, `net_adm:ping('a@localhost').`, "pong")
	entry, err := s.client().Lookup(t.Context(), loopbacks()[0], "a")
	if err != nil || entry.Type != TypeNormal || entry.High != 6 {
		t.Errorf("%+v, %v", entry, err)
	}

	creation := k.Creation()
	defer func() {
		if k.Creation() != creation {
			t.Errorf("creation %d became %d", creation, k.Creation())
		}
	}()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	testkit.Within(t, time.Second, "loss noticed", func() bool { return !k.Registered() })
	s = serve(t, port, ServerOptions{})
	if otp.Release == "23" { // its nodes never register again
		testkit.Within(t, 5*time.Second, "keeper registered again", func() bool { return len(s.Names()) == 1 })
		return
	}
	testkit.Within(t, 5*time.Second, "all registered again", func() bool { return len(s.Names()) == 3 })
	a.Expect(t, sorted, `["a","b","keeper"]`)
	b.Stop(t)
	testkit.Within(t, time.Second, "b is gone", func() bool { return len(s.Names()) == 2 })
}

// TestBEAMRegisteredOverV6: nodes over IPv6 register through ::1.
func TestBEAMRegisteredOverV6(t *testing.T) {
	s := serve(t, 0, ServerOptions{})
	testkit.StartBEAM(t, testkit.BEAMOptions{
		Name: "six@::1", Long: true, Args: []string{"-proto_dist", "inet6_tcp"},
		Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", s.Port())},
	})
	if _, err := s.client().Lookup(t.Context(), netip.IPv6Loopback(), "six"); err != nil {
		t.Error(err)
	}
}

// otpProgram is OTP's epmd.
func otpProgram(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath(programName)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOTPServer: our client and keeper with OTP's server.
func TestOTPServer(t *testing.T) {
	path := otpProgram(t)
	c := &Client{Port: startServer(t, path)}
	k, err := Keep(newGroup(t), c, Registration{Name: "f1", Port: 9000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if k.Creation() < minCreation {
		t.Errorf("creation %d", k.Creation())
	}
	entry, err := c.Lookup(t.Context(), loopbacks()[0], "f1")
	want := Registration{Name: "f1", Port: 9000}.entry()
	if diff := cmp.Diff(want, entry); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if m := ensure(t, EnsureOptions{Mode: ModeAuto, Port: c.Port}); m.pid != 0 {
		t.Error("started another EPMD")
	}
}

// TestSameAsOTP: the tools print the same, and exit with the same status, as
// OTP's; and both servers answer raw requests with the same bytes.
func TestSameAsOTP(t *testing.T) {
	path := otpProgram(t)
	for _, relaxed := range [][]string{nil, {"-relaxed_command_check"}} {
		theirs := startServer(t, path, relaxed...)
		ours := serve(t, 0, ServerOptions{Relaxed: relaxed != nil}).Port()
		for _, port := range []uint16{theirs, ours} {
			for _, name := range []string{"f1", "f2"} {
				held, err := (&Client{Port: port}).Register(t.Context(), Registration{Name: name, Port: 9000})
				if err != nil {
					t.Fatal(err)
				}
				defer held.Close()
			}
		}
		for _, args := range []string{
			"-names", "-dump", "-started", "-stop f1", "-names", "-kill", "-names", "-stop f2", "-names -d", "-kill x", "-stop", "-port",
		} {
			want := otpTool(t, path, theirs, args)
			if got := otpTool(t, path, ours, args); got != want {
				t.Errorf("OTP's tool, %q: server differs\n got %s\nwant %s", args, got, want)
			}
			if got := ourTool(ours, args); !strings.HasPrefix(args, "-stop f") && !strings.HasPrefix(args, "-kill") && got != want {
				t.Errorf("our tool, %q\n got %s\nwant %s", args, got, want)
			}
		}
	}
}

// plain leaves out the parts of an output that differ between two servers.
func plain(status int, stdout, stderr string) string {
	stdout = regexp.MustCompile(`running on port \d+`).ReplaceAllString(stdout, "running on port P")
	stdout = regexp.MustCompile(`fd = \d+`).ReplaceAllString(stdout, "fd = N")
	if status == 1 && strings.Contains(strings.ToLower(stderr), "usage") {
		stderr = "usage"
	}
	return fmt.Sprintf("status %d, %q, %q", status, stdout, stderr)
}

func otpTool(t *testing.T, path string, port uint16, args string) string {
	t.Helper()
	cmd := exec.Command(path, append([]string{"-port", fmt.Sprint(port)}, strings.Fields(args)...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the status is compared
	return plain(cmd.ProcessState.ExitCode(), stdout.String(), stderr.String())
}

func ourTool(port uint16, args string) string {
	stdout, stderr, status := call(port, strings.Fields(args)...)
	return plain(status, stdout, stderr)
}
