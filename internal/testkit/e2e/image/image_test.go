//go:build e2e

// Package image builds the container image from the binary under test and
// brings the two compose files up on a Docker engine.
package image

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// build makes the image without a network and puts its name where the compose
// files look for it.
func build(t *testing.T, d *testkit.Docker) string {
	t.Helper()
	dir := buildContext(t)
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", testkit.Binary(t), filepath.Join(dir, "bin", "fjord")).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v\n%s", err, out)
	}
	name := fmt.Sprintf("fjord-test:%d", os.Getpid())
	if out, err := d.Try(dir, "build", "--target", "prebuilt", "--tag", name, "."); err != nil {
		t.Fatalf("docker build: %v\n%s", err, out)
	}
	t.Cleanup(func() { d.Run("rmi", "--force", name) })
	t.Setenv("FJORD_IMAGE", name)
	t.Logf("the image has %s bytes", strings.TrimSpace(d.Run("inspect", "--format", "{{.Size}}", name)))
	return name
}

// buildContext is a folder with what the image is made of but the binary.
func buildContext(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, path := range []string{"Dockerfile", ".dockerignore", "LICENSE", "compose"} {
		if out, err := exec.Command("cp", "-r", filepath.Join(testkit.Root(t), path), dir).CombinedOutput(); err != nil {
			t.Fatalf("cp %s: %v\n%s", path, err, out)
		}
	}
	return dir
}

// freshClone: the classic builder, which docker-compose uses, builds the stage
// prebuilt on its way to the default one. That must work where nobody has run
// make. (The default one itself needs the network.)
func freshClone(t *testing.T, d *testkit.Docker) {
	name := fmt.Sprintf("fjord-empty:%d", os.Getpid())
	out, err := d.Try(buildContext(t), "build", "--target", "prebuilt", "--tag", name, ".")
	if err != nil {
		t.Fatalf("docker build without bin/fjord: %v\n%s", err, out)
	}
	d.Run("rmi", "--force", name)
}

// api is a service of a compose file as the host sees it.
func api(port string) *testkit.Fjord { return testkit.Reach("http://localhost:" + port) }

func TestImage(t *testing.T) {
	d := testkit.StartDocker(t)
	name := build(t, d)
	if user := strings.TrimSpace(d.Run("inspect", "--format", "{{.Config.User}}", name)); user != "10001:10001" {
		t.Errorf("runs as %q", user)
	}
	env := d.Run("inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", name)
	for _, want := range []string{"FJ_IP=0.0.0.0", "FJ_METRICS_IP=0.0.0.0", "FJ_DIST_MIN_PORT=9000", "FJ_DIST_MAX_PORT=9000", "FJ_RESOURCES_BASE_PATH=./fishjam_resources"} {
		if !strings.Contains(env, want+"\n") {
			t.Errorf("the image lacks %s", want)
		}
	}
	compose := filepath.Join(testkit.Root(t), "compose")
	t.Run("FreshClone", func(t *testing.T) { freshClone(t, d) })
	t.Run("NodesList", func(t *testing.T) { nodesList(t, d, filepath.Join(compose, "nodes-list.yaml")) })
	t.Run("DNS", func(t *testing.T) { dns(t, d, filepath.Join(compose, "dns.yaml")) })
}

func nodesList(t *testing.T, d *testkit.Docker, file string) {
	c := d.Up(t, file)
	one, two := api("5001"), api("5002")
	testkit.WaitMesh(t, 10*time.Second, one, two)
	connected(t, c, `\[info\] \[libcluster:epmd_cluster\] connected to :f[12]@fishjam[12]`, "fishjam1", "fishjam2")
	testkit.TwoAddresses(t, one, "localhost:5001", "localhost:5002")
	testkit.Within(t, 10*time.Second, "the engine calls it healthy", func() bool {
		return c.Inspect(t, "fishjam1", "{{.State.Health.Status}}") == "healthy"
	})

	// A crash: the others notice, the engine starts it again, it is back.
	before := c.Pid(t, "fishjam2")
	c.Crash(t, "fishjam2")
	testkit.Within(t, 10*time.Second, "the engine has restarted it", func() bool {
		out := c.Inspect(t, "fishjam2", "{{.State.Pid}}")
		return out != "0" && out != fmt.Sprint(before)
	})
	testkit.WaitMesh(t, 10*time.Second, one, two)
	connected(t, c, `(?s)disconnected from :f2@fishjam2: .*connect(ed to|ion from) :f2@fishjam2`, "fishjam1")
	testkit.TwoAddresses(t, two, "localhost:5001", "localhost:5002")

	// Killed by hand and started by hand.
	c.Stop(t, "fishjam1")
	testkit.Within(t, 2*time.Second, "the other one notices", func() bool { return two.NodesInCluster() == 1 })
	two.MustPostRoom(t, "")
	c.Start(t, "fishjam1")
	testkit.WaitMesh(t, 10*time.Second, one, two)
	connected(t, c, `(?s)disconnected from :f1@fishjam1: .*connect(ed to|ion from) :f1@fishjam1`, "fishjam2")
}

func dns(t *testing.T, d *testkit.Docker, file string) {
	c := d.Up(t, file)
	one, two := api("4001"), api("4002")
	testkit.WaitMesh(t, 15*time.Second, one, two)
	connected(t, c, `\[info\] \[libcluster:cluster\] connected to :"fishjam@[0-9.]+"`, "app1", "app2")
	testkit.TwoAddresses(t, one, "localhost:4001", "localhost:4002")
	c.Stop(t, "app1")
	testkit.Within(t, 2*time.Second, "the other one notices", func() bool { return two.NodesInCluster() == 1 })
	c.Start(t, "app1")
	testkit.WaitMesh(t, 15*time.Second, one, two)
	connected(t, c, `(?s)disconnected from :"fishjam@[0-9.]+": .*connect(ed to|ion from) :"fishjam@[0-9.]+"`, "app2")
	testkit.TwoAddresses(t, one, "localhost:4001", "localhost:4002")
}

// connected checks that one of the services has logged its connection (and
// what else the expression says).
func connected(t *testing.T, c *testkit.Compose, expr string, services ...string) {
	t.Helper()
	re := regexp.MustCompile(expr)
	for _, s := range services {
		if re.MatchString(c.Log(t, s)) {
			return
		}
	}
	t.Errorf("none of %v logs %s", services, expr)
}
