//go:build interop

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
	"github.com/fjord-media/fjord/node/etf"
)

// secured is a cluster over TLS: a node of ours called go, and whatever real
// ones a test starts.
type secured struct {
	*lab
	otp  testkit.OTP
	kind kind
	ca   *authority
	tls  *TLSOptions
	n    *Node
}

// transport is an Erlang distribution protocol and the names that go with it.
type transport struct {
	proto string
	kind  kind
}

func tlsTransports() []transport {
	return []transport{
		{"inet_tls", kind{host: "localhost"}},
		{"inet_tls", kind{long: true, host: "127.0.0.1"}},
		{"inet6_tls", kind{long: true, host: "::1"}},
	}
}

// eachTLS runs a test with each OTP and each transport.
func eachTLS(t *testing.T, f func(t *testing.T, s *secured, args []string)) {
	for _, otp := range testkit.OTPs(t) {
		for _, tr := range tlsTransports() {
			t.Run("otp"+otp.Release+"/"+tr.proto+"/"+tr.kind.host, func(t *testing.T) {
				s := &secured{lab: newLab(t), otp: otp, kind: tr.kind, ca: newAuthority(t)}
				s.tls = s.ca.issue(t, t.TempDir(), leaf{})
				s.n = s.start(t, tr.kind.name("go"), tr.kind.set, withTLS(s.tls))
				f(t, s, []string{"-proto_dist", tr.proto})
			})
		}
	}
}

// beam starts a real node, with its options for TLS in a file unless the
// arguments have them.
func (s *secured) beam(t *testing.T, alive string, o *TLSOptions, args ...string) *testkit.BEAM {
	t.Helper()
	if !strings.Contains(strings.Join(args, " "), "-ssl_dist_opt") {
		args = append(args, "-ssl_dist_optfile", s.optFile(t, o, ""))
	}
	return testkit.StartBEAM(t, testkit.BEAMOptions{
		OTP: s.otp, Name: s.kind.name(alive), Long: s.kind.long, Cookie: testCookie, Args: args,
		Env: []string{fmt.Sprintf("ERL_EPMD_PORT=%d", s.epmdPort)},
	})
}

// visibleDir is a new folder and its path as erl sees it: the OTPs of
// otp/trees.sh run in a root of their own beside them.
func visibleDir(t *testing.T, otp testkit.OTP) (dir, seen string) {
	t.Helper()
	root := filepath.Join(filepath.Dir(otp.Erl), "root")
	if info, err := os.Stat(filepath.Join(root, "tmp")); err != nil || !info.IsDir() {
		dir = t.TempDir()
		return dir, dir
	}
	dir, err := os.MkdirTemp(filepath.Join(root, "tmp"), "fjord")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir, strings.TrimPrefix(dir, root)
}

// copyFor copies the files of options to where erl sees them.
func (s *secured) copyFor(t *testing.T, o *TLSOptions) (TLSOptions, string, string) {
	t.Helper()
	dir, seen := visibleDir(t, s.otp)
	place := func(from string) string {
		data, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(from)), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(seen, filepath.Base(from))
	}
	return TLSOptions{CertFile: place(o.CertFile), KeyFile: place(o.KeyFile), CACertFile: place(o.CACertFile)}, dir, seen
}

// optFile writes the options of mutual verification; more goes to both sides.
func (s *secured) optFile(t *testing.T, o *TLSOptions, more string) string {
	t.Helper()
	c, dir, seen := s.copyFor(t, o)
	common := fmt.Sprintf("{certfile, %q}, {keyfile, %q}, {cacertfile, %q}, {verify, verify_peer}%s", c.CertFile, c.KeyFile, c.CACertFile, more)
	text := "[{server, [{fail_if_no_peer_cert, true}, " + common + "]},\n {client, [" + common + "]}].\n"
	if err := os.WriteFile(filepath.Join(dir, "ssl_dist.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(seen, "ssl_dist.conf")
}

func goName(n *Node) string { return etf.String(etf.Atom(n.Name())) }

func TestInteropTLS(t *testing.T) {
	t.Parallel()
	eachTLS(t, func(t *testing.T, s *secured, args []string) {
		b := s.beam(t, "beam", s.tls, args...)
		b.Expect(t, fmt.Sprintf("net_adm:ping(%s).", goName(s.n)), "pong")
		within(t, time.Second, "link is known", func() bool { return len(s.n.Nodes()) == 1 })
		if _, ok := s.n.reg.up(b.Node).conn.(*secureConn); !ok {
			t.Error("the link is not encrypted")
		}
		big := mailbox(t, s.n, "big")
		b.Expect(t, fmt.Sprintf("{big, %s} ! binary:copy(<<7>>, 5000000), [{big, %s} ! I || I <- lists:seq(1, 1000)], ok.", goName(s.n), goName(s.n)), "ok")
		if got := receive[Message](t, big).Term.([]byte); len(got) != 5_000_000 {
			t.Errorf("%d bytes", len(got))
		}
		for i := range 1000 {
			if got := receive[Message](t, big).Term; got != etf.Term(int64(i+1)) {
				t.Fatalf("message %d is %v", i, got)
			}
		}
		checkTLSCall(t, s.n, b)
		// And dialled by us.
		c := s.beam(t, "other", s.tls, args...)
		if made, err := s.n.Connect(short(t), c.Node); err != nil || !made {
			t.Fatal(made, err)
		}
		checkTLSCall(t, s.n, c)
		c.Expect(t, fmt.Sprintf("lists:member(%s, nodes()).", goName(s.n)), "true")
	})
}

// checkTLSCall sends a large term there and back.
func checkTLSCall(t *testing.T, n *Node, b *testkit.BEAM) {
	t.Helper()
	data := make([]byte, 3_000_000)
	got, err := n.Call(short(t), b.Node, "erlang", "byte_size", data)
	if err != nil || got != etf.Term(int64(len(data))) {
		t.Errorf("%s: %v, %v", b.Node, got, err)
	}
}

// TestInteropTLSVersions has BEAM nodes that speak one version only, and
// options on the command line.
func TestInteropTLSVersions(t *testing.T) {
	t.Parallel()
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			k := kind{host: "localhost"}
			s := &secured{lab: newLab(t), otp: otp, kind: k, ca: newAuthority(t)}
			s.tls = s.ca.issue(t, t.TempDir(), leaf{})
			s.n = s.start(t, k.name("go"), withTLS(s.tls))
			for version, want := range map[string]uint16{"tlsv1.2": 0x0303, "tlsv1.3": 0x0304} {
				alive := "v" + version[len(version)-1:]
				file := s.optFile(t, s.tls, ", {versions, ['"+version+"']}")
				b := s.beam(t, alive, s.tls, "-proto_dist", "inet_tls", "-ssl_dist_optfile", file)
				for range 2 { // dialled by us, then by it
					if err := s.n.Ping(short(t), b.Node); err != nil {
						t.Fatalf("%s: %v", version, err)
					}
					if got := s.n.reg.up(b.Node).conn.(*secureConn).ConnectionState().Version; got != want {
						t.Errorf("%s: version %x", version, got)
					}
					b.Expect(t, "erlang:disconnect_node("+goName(s.n)+").", "true")
					within(t, time.Second, "link gone", func() bool { return !slices.Contains(s.n.Nodes(), b.Node) })
					b.Expect(t, "net_adm:ping("+goName(s.n)+").", "pong")
				}
			}
			f, _, _ := s.copyFor(t, s.tls)
			b := s.beam(t, "cli", s.tls, "-proto_dist", "inet_tls", "-ssl_dist_opt",
				"server_certfile", f.CertFile, "server_keyfile", f.KeyFile, "server_cacertfile", f.CACertFile,
				"server_verify", "verify_peer", "server_fail_if_no_peer_cert", "true",
				"client_certfile", f.CertFile, "client_keyfile", f.KeyFile, "client_cacertfile", f.CACertFile, "client_verify", "verify_peer")
			b.Expect(t, "net_adm:ping("+goName(s.n)+").", "pong")
		})
	}
}

// TestInteropTLSMistakes: neither side lets a wrong certificate in, and ours
// says why.
func TestInteropTLSMistakes(t *testing.T) {
	t.Parallel()
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			k := kind{host: "localhost"}
			s := &secured{lab: newLab(t), otp: otp, kind: k, ca: newAuthority(t)}
			s.tls = s.ca.issue(t, t.TempDir(), leaf{})
			stranger := newAuthority(t).issue(t, t.TempDir(), leaf{})
			b := s.beam(t, "beam", s.tls, "-proto_dist", "inet_tls")
			alien := s.beam(t, "alien", stranger, "-proto_dist", "inet_tls")
			plain := s.beam(t, "plain", s.tls)
			n := s.start(t, k.name("go"), withTLS(s.tls), func(o *Options) { o.SetupTime = 5 * time.Second })
			for node, want := range map[string]string{
				alien.Node: "bad_certificate", plain.Node: "dial_timeout", b.Node: "none",
			} {
				_, err := n.Connect(short(t), node)
				if got := ReasonOf(err); got != want {
					t.Errorf("%s: %s, %v", node, got, err)
				}
			}
			alien.Expect(t, "net_adm:ping("+goName(n)+").", "pang")
			plain.Expect(t, "net_adm:ping("+goName(n)+").", "pang")
			bad := s.start(t, k.name("bad"), withTLS(stranger))
			_, err := bad.Connect(short(t), b.Node)
			if ReasonOf(err) != "bad_certificate" {
				t.Errorf("an unknown authority: %v", err)
			}
			stranger.Verify = VerifyNone
			trusting := s.start(t, k.name("trusting"), withTLS(stranger))
			_, err = trusting.Connect(short(t), b.Node)
			if got := ReasonOf(err); got != "certificate_refused" && got != "closed_by_peer" {
				t.Errorf("a certificate that they do not accept: %v", err)
			}
		})
	}
}

// TestInteropTLSNewKeys: erl renews the keys of a long link. With TLS 1.2 it
// renegotiates, which works on links that we dialled (crypto/tls serves no
// renegotiation on the others; it comes after 2^28 records).
func TestInteropTLSNewKeys(t *testing.T) {
	t.Parallel()
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			k := kind{host: "localhost"}
			s := &secured{lab: newLab(t), otp: otp, kind: k, ca: newAuthority(t)}
			s.tls = s.ca.issue(t, t.TempDir(), leaf{})
			s.n = s.start(t, k.name("go"), withTLS(s.tls))
			heard := record(s.n)
			start := func(alive, more string) *testkit.BEAM {
				return s.beam(t, alive, s.tls, "-proto_dist", "inet_tls", "-ssl_dist_optfile", s.optFile(t, s.tls, more))
			}
			old := start("old", ", {versions, ['tlsv1.2']}, {renegotiate_at, 50}")
			mustConnect(t, s.n, old.Node)
			both := []*testkit.BEAM{old}
			for _, alive := range []string{"dialled", "dials"} {
				b := start(alive, ", {versions, ['tlsv1.3']}, {key_update_at, 100000}")
				both = append(both, b)
				if alive == "dialled" {
					mustConnect(t, s.n, b.Node)
				} else {
					b.Expect(t, "net_adm:ping("+goName(s.n)+").", "pong")
				}
			}
			for _, b := range both {
				for range 200 {
					if _, err := s.n.Call(short(t), b.Node, "erlang", "byte_size", make([]byte, 5000)); err != nil {
						t.Fatal(err)
					}
				}
				b.Expect(t, "[erpc:call("+goName(s.n)+", erlang, node, []) || _ <- lists:seq(1, 200)], ok.", "ok")
			}
			for _, e := range heard.all() {
				if !e.Up {
					t.Errorf("lost %s: %v", e.Node, e.Reason)
				}
			}
		})
	}
}
