//go:build e2e

package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// callLimit bounds every request to the browser. Starting it is the slowest.
const callLimit = 60 * time.Second

// bridge is a running browser that pages are opened in.
type bridge struct {
	cmd *exec.Cmd
	in  io.WriteCloser

	mu      sync.Mutex
	last    int
	waiting map[int]chan reply
	err     error // why no more answers come
}

// reply is a line of bridge.mjs.
type reply struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  string          `json:"error"`
}

// shared is the browser of this test process; TestMain ends it.
var shared = struct {
	once   sync.Once
	bridge *bridge
	err    error
}{}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.bridge != nil {
		shared.bridge.close()
	}
	os.Exit(code)
}

// theBridge returns the browser, started with the first test that needs it.
func theBridge(t *testing.T) *bridge {
	t.Helper()
	testkit.NeedTools(t, "node", "chromium")
	root := testkit.Root(t)
	shared.once.Do(func() { shared.bridge, shared.err = startBridge(root) })
	if shared.err != nil {
		t.Fatalf("start the browser: %v", shared.err)
	}
	return shared.bridge
}

// modules is where scripts/deps.sh puts the npm packages.
func modules() (string, error) {
	cache := os.Getenv("FJORD_CACHE")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		cache = filepath.Join(home, ".cache", "fjord")
	}
	folder := filepath.Join(cache, "browser")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "playwright-core")); err != nil {
		return "", fmt.Errorf("npm packages are missing, run make deps: %w", err)
	}
	return folder, nil
}

func startBridge(root string) (*bridge, error) {
	folder, err := modules()
	if err != nil {
		return nil, err
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	b := &bridge{waiting: map[int]chan reply{}}
	b.cmd = exec.Command("node", filepath.Join(root, "internal", "testkit", "browser", "bridge.mjs"))
	b.cmd.Env = append(os.Environ(), "FJORD_BROWSER_MODULES="+folder, "FJORD_CHROMIUM="+chromium)
	b.cmd.Stderr = os.Stderr
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if b.in, err = b.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	started := make(chan reply, 1)
	b.waiting[0] = started
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	go b.read(out)
	if _, err := b.wait(started, "start"); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// read hands each answer to the one who waits for it.
func (b *bridge) read(out io.Reader) {
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			b.end(fmt.Errorf("the browser's driver has ended: %w", err))
			return
		}
		var r reply
		if err := json.Unmarshal(line, &r); err != nil {
			b.end(fmt.Errorf("the browser's driver wrote %q: %w", line, err))
			return
		}
		b.mu.Lock()
		c := b.waiting[r.ID]
		delete(b.waiting, r.ID)
		b.mu.Unlock()
		if c != nil {
			c <- r
		}
	}
}

func (b *bridge) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
	for _, c := range b.waiting {
		c <- reply{Error: err.Error()}
	}
	b.waiting = nil
}

// ask sends a request and returns its result.
func (b *bridge) ask(op string, fields map[string]any) (json.RawMessage, error) {
	answer := make(chan reply, 1)
	b.mu.Lock()
	if b.err != nil {
		b.mu.Unlock()
		return nil, b.err
	}
	b.last++
	request := map[string]any{"id": b.last, "op": op}
	for k, v := range fields {
		request[k] = v
	}
	line, err := json.Marshal(request)
	if err == nil {
		b.waiting[b.last] = answer
		_, err = b.in.Write(append(line, '\n'))
	}
	b.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return b.wait(answer, op)
}

func (b *bridge) wait(answer chan reply, what string) (json.RawMessage, error) {
	select {
	case r := <-answer:
		if r.Error != "" {
			return nil, fmt.Errorf("%s: %w", what, errors.New(r.Error))
		}
		return r.Result, nil
	case <-time.After(callLimit):
		return nil, fmt.Errorf("%s: no answer within %s", what, callLimit)
	}
}

// close ends the browser; its driver does so when its input ends.
func (b *bridge) close() {
	_ = b.in.Close()
	ended := make(chan struct{})
	go func() {
		_ = b.cmd.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		_ = b.cmd.Process.Kill()
	}
}
