package testkit

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Compose is a set of services brought up from a compose file.
type Compose struct {
	docker  *Docker
	file    string
	project string
}

// Up brings a compose file up, with the images it names already built. It is
// taken down when the test ends; the services' logs are shown if it failed.
func (d *Docker) Up(t testing.TB, file string) *Compose {
	t.Helper()
	c := &Compose{docker: d, file: file, project: fmt.Sprintf("fjord%d", os.Getpid())}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := c.try("logs", "--no-color")
			t.Logf("---- docker-compose logs ----\n%s", out)
		}
		if out, err := c.try("down", "--volumes", "--timeout", "3"); err != nil {
			t.Errorf("docker-compose down: %v\n%s", err, out)
		}
	})
	c.run(t, "up", "--detach", "--no-build")
	return c
}

func (c *Compose) try(args ...string) (string, error) {
	return c.docker.tool("", "docker-compose", append([]string{"--file", c.file, "--project-name", c.project}, args...))
}

func (c *Compose) run(t testing.TB, args ...string) string {
	t.Helper()
	out, err := c.try(args...)
	if err != nil {
		t.Fatalf("docker-compose %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Log returns the log of one service.
func (c *Compose) Log(t testing.TB, service string) string {
	t.Helper()
	return c.run(t, "logs", "--no-color", service)
}

// Crash kills the service's first process from outside, as a crash would, so
// that the engine's restart policy applies (docker kill switches it off).
func (c *Compose) Crash(t testing.TB, service string) {
	t.Helper()
	if err := syscall.Kill(c.Pid(t, service), syscall.SIGKILL); err != nil {
		t.Fatalf("kill %s: %v", service, err)
	}
}

// Pid is the process id, on this machine, of the service's first process.
func (c *Compose) Pid(t testing.TB, service string) int {
	t.Helper()
	out := c.Inspect(t, service, "{{.State.Pid}}")
	pid, err := strconv.Atoi(out)
	if err != nil || pid == 0 {
		t.Fatalf("%s has no process: %q", service, out)
	}
	return pid
}

// Inspect prints a docker-inspect template for the service's container.
func (c *Compose) Inspect(t testing.TB, service, template string) string {
	t.Helper()
	id := strings.TrimSpace(c.run(t, "ps", "--quiet", service))
	return strings.TrimSpace(c.docker.Run("inspect", "--format", template, id))
}

// Stop stops and Start starts a service.
func (c *Compose) Stop(t testing.TB, service string) { t.Helper(); c.run(t, "kill", service) }

// Start starts a stopped service.
func (c *Compose) Start(t testing.TB, service string) { t.Helper(); c.run(t, "start", service) }

// Add creates and starts a service that Up left out because of its profile.
func (c *Compose) Add(t testing.TB, service string) {
	t.Helper()
	c.run(t, "up", "--detach", "--no-build", "--no-deps", "--no-recreate", service)
}
