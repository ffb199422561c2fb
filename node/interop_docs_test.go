//go:build interop

package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestInteropTLSAsDocumented makes the certificates with the commands of
// docs/erlang.md, and joins a real node as it says.
func TestInteropTLSAsDocumented(t *testing.T) {
	t.Parallel()
	testkit.NeedTools(t, "openssl")
	text, err := os.ReadFile(filepath.Join("..", "docs", "erlang.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Links over TLS\n")
	_, block, _ := strings.Cut(section, "```sh\n")
	script, rest, found := strings.Cut(block, "```\n")
	if !found {
		t.Fatal("docs/erlang.md has no commands under Links over TLS")
	}
	for _, otp := range testkit.OTPs(t) {
		t.Run("otp"+otp.Release, func(t *testing.T) {
			dir, seen := visibleDir(t, otp)
			cmd := exec.Command("sh", "-e", "-c", script)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			dir, seen = filepath.Join(dir, "cluster-tls"), filepath.Join(seen, "cluster-tls")
			conf := filepath.Join(dir, "ssl_dist.conf")
			data, err := os.ReadFile(conf)
			if err == nil { // erl's root may be another
				err = os.WriteFile(conf, []byte(strings.ReplaceAll(string(data), dir, seen)), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			_, command, _ := strings.Cut(rest, "\nerl ")
			command, _, _ = strings.Cut(command, "\n")
			_, args, ok := strings.Cut(command, "-setcookie a-secret ")
			if !ok {
				t.Fatalf("the documented erl %q", command)
			}
			args = strings.NewReplacer(`"`, "", "$PWD", seen).Replace(args)
			w := &world{lab: newLab(t), otp: otp, kind: kind{host: "localhost"}}
			w.n = w.start(t, "f1@localhost", withTLS(&TLSOptions{
				CertFile: filepath.Join(dir, "node.pem"), KeyFile: filepath.Join(dir, "node.key"), CACertFile: filepath.Join(dir, "ca.pem"),
			}))
			w.b = w.beam(t, "beam", strings.Fields(args)...)
			w.connect(t)
			c := w.beam(t, "other", strings.Fields(args)...)
			mustConnect(t, w.n, c.Node)
		})
	}
}
