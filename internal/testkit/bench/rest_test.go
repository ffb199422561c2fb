//go:build bench

package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// connections is how many clients ask at the same time.
const connections = 16

// turns is how often the two servers of a comparison take turns: what else the
// machine does meets both.
const turns = 8

// rate is what runs of requests showed.
type rate struct {
	took  time.Duration
	times []time.Duration
}

func (r rate) perSecond() float64 { return float64(len(r.times)) / r.took.Seconds() }

// requests has clients send a request over kept connections, the next when the
// answer is there, and adds what it saw. They understand as little of HTTP as
// they can: what they cost, the server does not get.
func (r *rate) requests(t *testing.T, address, request string, status int, long time.Duration) {
	t.Helper()
	var wg sync.WaitGroup
	all := make([][]time.Duration, connections)
	errs := make([]error, connections)
	began := time.Now()
	for i := range connections {
		wg.Go(func() { all[i], errs[i] = ask(address, []byte(request), status, began.Add(long)) })
	}
	wg.Wait()
	r.took += time.Since(began)
	for i := range all {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		r.times = append(r.times, all[i]...)
	}
}

func ask(address string, request []byte, status int, until time.Time) (times []time.Duration, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	want := []byte("HTTP/1.1 " + strconv.Itoa(status) + " ")
	for began := time.Now(); began.Before(until); {
		if err := conn.SetDeadline(began.Add(30 * time.Second)); err != nil {
			return nil, err
		}
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := skipAnswer(r, want); err != nil {
			return nil, err
		}
		now := time.Now()
		times = append(times, now.Sub(began))
		began = now
	}
	return times, nil
}

// skipAnswer reads an answer that has a Content-Length.
func skipAnswer(r *bufio.Reader, want []byte) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, want) {
		return fmt.Errorf("answer %q, want %q", line, want)
	}
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if text, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(text)))
		}
	}
	_, err = r.Discard(length)
	return err
}

// emptyGin starts the framework's own limit.
func emptyGin(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "emptygin")
	build := exec.Command("go", "build", "-tags", "nomsgpack", "-o", program, "./http/internal/emptygin")
	build.Dir = testkit.Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// TestBenchREST compares requests with an empty handler of the framework, in
// turns, over sockets. With FJORD_SOAK=1 each runs for a minute.
func TestBenchREST(t *testing.T) {
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{"FJ_LOG_LEVEL": "warning"}}).WaitUp(t)
	if _, err := f.PostRoom(`{"roomId":"here"}`); err != nil {
		t.Fatal(err)
	}
	long := 3 * time.Second
	if testkit.Soak() {
		long = time.Minute
	}
	gin, node := emptyGin(t), strings.TrimPrefix(f.API, "http://")
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/health", "", 200},
		{"GET", "/room/here", "", 200},
		{"GET", "/room/none", "", 404},
		{"POST", "/room", `{"roomId":"a b"}`, 400},
		{"POST", "/room", `{"roomId":"here"}`, 400},
	} {
		t.Run(c.method+strings.ReplaceAll(c.path, "/", " ")+fmt.Sprintf(" %d %d", c.status, len(c.body)), func(t *testing.T) {
			request := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
				c.method, c.path, testkit.Token, len(c.body), c.body)
			var limit, own rate
			for range turns {
				limit.requests(t, gin, request, 200, long/turns)
				own.requests(t, node, request, c.status, long/turns)
			}
			name := strings.TrimSpace(c.method + " " + c.path + " " + c.body)
			row(name+", requests per second", fmt.Sprintf("%.0f /s", own.perSecond()), fmt.Sprintf("(empty gin handler: %.0f /s)", limit.perSecond()))
			row("  against an empty gin handler", fmt.Sprintf("%.2f", own.perSecond()/limit.perSecond()), "≥ 0.5")
			row("  p50", millis(quantile(own.times, 0.5)), fmt.Sprintf("(empty gin handler: %s)", millis(quantile(limit.times, 0.5))))
			row("  p99", millis(quantile(own.times, 0.99)), fmt.Sprintf("(empty gin handler: %s)", millis(quantile(limit.times, 0.99))))
		})
	}
	t.Run("list", func(t *testing.T) { benchList(t, f) })
	row("memory after all requests", fmt.Sprintf("%.1f MB", float64(rss(t, f.Pid))/1e6), "")
}

// benchList measures the list of as many rooms as the original was measured
// with.
func benchList(t *testing.T, f *testkit.Fjord) {
	const rooms, times = 2570, 50
	for i := range rooms {
		if _, err := f.PostRoom(fmt.Sprintf(`{"roomId":"list-%d"}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	var all []time.Duration
	for range times {
		began := time.Now()
		if status, _, err := f.Do("GET", "/room", ""); err != nil || status != 200 {
			t.Fatal(status, err)
		}
		all = append(all, time.Since(began))
	}
	row(fmt.Sprintf("GET /room, %d rooms, p50", rooms), millis(quantile(all, 0.5)), "(original: 130 ms)")
	row(fmt.Sprintf("GET /room, %d rooms, p99", rooms), millis(quantile(all, 0.99)), "")
}
