//go:build interop

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// configFile writes a system configuration and returns its name for erl -config. A
// tree of another release (otp/trees.sh) sees its own root only.
func configFile(t *testing.T, otp testkit.OTP, text string) string {
	t.Helper()
	root, folder := filepath.Join(filepath.Dir(otp.Erl), "root"), t.TempDir()
	if info, err := os.Stat(root); err == nil && info.IsDir() && strings.Contains(otp.Erl, "/otp/") {
		made, err := os.MkdirTemp(filepath.Join(root, "tmp"), "fjord")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(made) })
		folder = made
	} else {
		root = ""
	}
	if err := os.WriteFile(filepath.Join(folder, "sys.config"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(filepath.Join(folder, "sys"), root)
}

// TestSyncNodes: BEAM nodes whose configuration lists Fjord nodes come up within
// its time-out, whichever starts first, and Fjord's own wait for nodes does as theirs.
func TestSyncNodes(t *testing.T) {
	for _, kind := range []string{"sync_nodes_mandatory", "sync_nodes_optional"} {
		t.Run(kind, func(t *testing.T) {
			parallel(t, 1, func(t *testing.T, w *world) {
				config := func(nodes ...string) string {
					return configFile(t, w.otps[0], fmt.Sprintf("[{kernel, [{%s, %s}, {sync_nodes_timeout, 6000}]}].\n", kind, quoted(nodes)))
				}
				// The Fjord node is there.
				w.fjord(t, "f1@localhost")
				first := w.erl(t, w.otps[0], "b1@localhost", "-config", config("f1@localhost"))
				w.beams = append(w.beams, first)
				w.complete(t, syncLimit)

				// It comes while the BEAM node waits for it; the Fjord node waits for the BEAM
				// node, too. A BEAM node that waits has no evaluator yet.
				second := testkit.Start(t, testkit.Command{Name: "waiting erl", Path: w.otps[0].Erl, Env: w.env(), Args: []string{
					"-sname", "b2@localhost", "-setcookie", cookie, "-start_epmd", "false", "-noshell", "-config", config("late@localhost"),
					"-eval", `io:format("came up with ~p~n", [lists:sort(nodes())]).`}})
				testkit.Within(t, 5*time.Second, "the BEAM node is registered", func() bool {
					return first.Eval(t, `{ok, L} = net_adm:names("127.0.0.1"), lists:keymember("b2", 1, L).`) == "true"
				})
				if second.Exited() || strings.Contains(second.Log(), "came up") {
					t.Errorf("it has not waited: %s", second.Log())
				}
				late := w.launch(t, "late@localhost", nil, "-nodes", "b2@localhost", "-wait", "10s")
				if strings.Contains(late.Log(), "did not come") {
					t.Errorf("the Fjord node has not waited: %s", late.Log())
				}
				second.WaitLog(t, 6*time.Second, `came up with \[.*late@localhost`)
			})
		})
	}
}

// TestSyncNodesInVain: what BEAM nodes do without the nodes they wait for does not
// change by Fjord nodes that are there.
func TestSyncNodesInVain(t *testing.T) {
	parallel(t, 1, func(t *testing.T, w *world) {
		f := w.fjord(t, "f1@localhost")
		b := w.erl(t, w.otps[0], "b1@localhost", "-config", configFile(t, w.otps[0],
			"[{kernel, [{sync_nodes_optional, ['none@localhost', 'f1@localhost']}, {sync_nodes_timeout, 1500}]}].\n"))
		b.Expect(t, "nodes().", "["+f.Node+"]")
		b.Expect(t, "global:sync().", "ok")
	})
}
