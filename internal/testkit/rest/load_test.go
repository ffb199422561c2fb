//go:build linux

package rest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestLoadListeners: listeners of a node where rooms come and go hear of
// everything once, in one order, and none is cut off. The long form has 2,000
// listeners, and 1,000 events a second for a minute.
func TestLoadListeners(t *testing.T) {
	listeners, perSecond, seconds := 100, 1000, 1
	if testkit.Soak() {
		listeners, seconds = 2000, 60
	}
	f := startQuiet(t)
	crowd := listen(t, f.API, listeners)
	before := residentKB(t, f.Pid)
	rooms := perSecond * seconds / 2 // the creation and the end of each are an event
	sent := make([]atomic.Int64, 2*rooms)
	began := time.Now()
	var late delays
	crowd.heard = func(event []byte) { // 52 len 0a len "r" number, or 5a …
		i, err := strconv.Atoi(string(event[5:]))
		if err != nil || i >= rooms {
			t.Errorf("event %q", event)
			return
		}
		late.add(time.Since(began) - time.Duration(sent[2*i+int(event[0]-0x52)/8].Load()))
	}
	open := map[string]bool{}
	crowd.first = func(event string) {
		if id := event[4:]; (event[0] == 0x52) == open[id] {
			t.Errorf("event %q of a room that is there: %v", event, open[id])
		} else {
			open[id] = !open[id]
		}
	}
	crowd.read()
	cpu := cpuTime(t, f.Pid)
	const workers = 8
	var sending sync.WaitGroup
	for worker := range workers {
		sending.Go(func() {
			k := dial(t, f.API)
			defer k.close()
			for i := worker; i < rooms; i += workers {
				time.Sleep(time.Until(began.Add(time.Duration(2*i) * time.Second / time.Duration(perSecond))))
				id := fmt.Sprint("r", i)
				sent[2*i].Store(int64(time.Since(began)))
				k.ask(t, "POST", "/room", `{"roomId":"`+id+`"}`, 201)
				sent[2*i+1].Store(int64(time.Since(began)))
				k.ask(t, "DELETE", "/room/"+id, "", 204)
			}
		})
	}
	sending.Wait()
	took := time.Since(began)
	all := int64(2*rooms) * int64(listeners)
	testkit.Within(t, 20*time.Second, "all events arrive", func() bool { return crowd.total() >= all })
	crowd.check(t, 2*rooms)
	t.Logf("%d events in %s (%.0f a second) to %d listeners: %d frames, %.0f a second; from request to delivery p50 %s, p99 %s, p99.9 %s; "+
		"server: %.2f cores, %d MB resident, %d MB before the events", 2*rooms, took.Round(time.Millisecond), float64(2*rooms)/took.Seconds(), listeners,
		crowd.total(), float64(all)/took.Seconds(), late.quantile(0.5), late.quantile(0.99), late.quantile(0.999),
		(cpuTime(t, f.Pid)-cpu).Seconds()/took.Seconds(), residentKB(t, f.Pid)/1024, before/1024)
}

// startQuiet starts the real binary, without a line for each room.
func startQuiet(t *testing.T) *testkit.Fjord {
	t.Helper()
	return testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{"FJ_LOG_LEVEL": "warning"}}).WaitUp(t)
}

// caller is a connection for one request after the other.
type caller struct {
	conn net.Conn
	r    *bufio.Reader
}

func dial(t *testing.T, api string) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(api, "http://"))
	if err != nil {
		t.Error(err)
		return nil
	}
	return &caller{conn, bufio.NewReader(conn)}
}

func (k *caller) close() {
	if k != nil {
		_ = k.conn.Close()
	}
}

// ask makes a request and wants its status.
func (k *caller) ask(t *testing.T, method, path, body string, want int) {
	t.Helper()
	if k == nil {
		return
	}
	_ = k.conn.SetDeadline(time.Now().Add(60 * time.Second))
	if _, err := fmt.Fprintf(k.conn, "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, testkit.Token, len(body), body); err != nil {
		t.Error(err)
		return
	}
	answer, err := http.ReadResponse(k.r, nil)
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != want {
		t.Errorf("%s %s: %s", method, path, answer.Status)
	}
}

// TestLoadSlowClients: 1,000 connections that send a byte a second do not
// delay the others, and are cut off in the end.
func TestLoadSlowClients(t *testing.T) {
	const slow = 1000
	requests := 500
	if testkit.Soak() {
		requests = 20_000
	}
	f := startQuiet(t)
	p99 := func() time.Duration {
		k := dial(t, f.API)
		defer k.close()
		var all []time.Duration
		for range requests {
			began := time.Now()
			k.ask(t, "GET", "/health", "", 200)
			all = append(all, time.Since(began))
		}
		slices.Sort(all)
		return all[len(all)*99/100]
	}
	alone := p99()
	ctx, cancel := context.WithCancel(t.Context())
	var cut atomic.Int64
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for range slow {
		k := dial(t, f.API)
		if k == nil {
			return
		}
		wg.Go(func() {
			defer k.close()
			if crawl(ctx, k.conn) {
				cut.Add(1)
			}
		})
	}
	t.Logf("p99 of GET /health: %s alone, %s beside %d slow clients", alone, p99(), slow)
	if testkit.Soak() {
		testkit.Within(t, 20*time.Second, "all slow clients are cut off", func() bool { return cut.Load() == slow })
	}
}

// crawl sends a request of a byte a second; true: the other side has hung up.
func crawl(ctx context.Context, conn net.Conn) bool {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	for _, b := range []byte("POST /room HTTP/1.1\r\nHost: x\r\nX-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") {
		if _, err := conn.Write([]byte{b}); err != nil {
			return ctx.Err() == nil
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := conn.Read(make([]byte, 512)); err == nil || errors.Is(err, io.EOF) {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}

// TestLoadRooms: a node of many rooms, 100,000 in the long form, lists them;
// and when it is told to stop, a listener hears of the end of each, and the
// process ends.
func TestLoadRooms(t *testing.T) {
	const clients = 4
	rooms := 2000
	if testkit.Soak() {
		rooms = 100_000
	}
	f := startQuiet(t)
	before := residentKB(t, f.Pid)
	began := time.Now()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			k := dial(t, f.API)
			defer k.close()
			for i := range rooms / clients {
				k.ask(t, "POST", "/room", fmt.Sprintf(`{"roomId":"r%d-%d"}`, c, i), 201)
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	began = time.Now()
	_, list, err := f.Do(http.MethodGet, "/room", "")
	if err != nil || strings.Count(list, `"id":`) != rooms {
		t.Errorf("list: %v", err)
	}
	t.Logf("%d rooms in %s, %d a second; GET /room in %s, %d MB; %d KB for each room", rooms, took.Round(time.Millisecond),
		int(float64(rooms)/took.Seconds()), time.Since(began).Round(time.Millisecond), len(list)>>20, (residentKB(t, f.Pid)-before)/rooms)
	crowd := listen(t, f.API, 3)
	ended := map[string]bool{}
	crowd.first = func(event string) {
		if id := event[4:]; event[0] != 0x0a || ended[id] {
			t.Errorf("event %q", event)
		} else {
			ended[id] = true
		}
	}
	crowd.read()
	began = time.Now()
	f.Signal(t, syscall.SIGTERM)
	code := f.WaitExit(t, endLimit(rooms))
	t.Logf("ended %s after SIGTERM", time.Since(began).Round(time.Millisecond))
	testkit.Within(t, 2*time.Second, "listeners read to the end", func() bool {
		crowd.mu.Lock()
		defer crowd.mu.Unlock()
		return len(crowd.lost) == len(crowd.ears)
	})
	for i, e := range crowd.ears {
		if e.events != rooms || e.hash != crowd.ears[0].hash || e.closed != "88 \"\\x03\\xe9\"" {
			t.Errorf("listener %d heard of the end of %d rooms of %d; closed with %s", i, e.events, rooms, e.closed)
		}
	}
	if code != 0 && !testkit.Soak() { // with 100,000 rooms a busy machine needs more than the 2 s that it has
		t.Errorf("status %d", code)
	}
}

// endLimit is how long a node of so many rooms may take to end: two seconds, and
// what it takes a busy machine to tell another node of the end of 100,000.
func endLimit(rooms int) time.Duration {
	return 2*time.Second + time.Duration(rooms)*60*time.Microsecond
}

// cpuTime is the processor time that a process has used.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	fields := strings.Fields(readProc(t, pid, "stat"))
	user, _ := strconv.Atoi(fields[13])
	system, _ := strconv.Atoi(fields[14])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// TestLoadRoomsElsewhere: when a node of many rooms is told to stop, a listener
// of another node hears of the end of each, once.
func TestLoadRoomsElsewhere(t *testing.T) {
	rooms := 1000
	if testkit.Soak() {
		rooms = 100_000
	}
	c := testkit.NewCluster(t)
	c.Env["FJ_LOG_LEVEL"] = "warning"
	a := c.Node(t, "a@localhost").WaitUp(t)
	k := dial(t, a.API)
	defer k.close()
	for i := range rooms {
		k.ask(t, "POST", "/room", fmt.Sprintf(`{"roomId":"r%d"}`, i), 201)
	}
	b := c.Node(t, "b@localhost", "FJ_DIST_NODES", "a@localhost").WaitUp(t)
	testkit.WaitMesh(t, 10*time.Second, a, b)
	crowd := listen(t, b.API, 3)
	ended := map[string]bool{}
	crowd.first = func(event string) {
		if id := event[4:]; event[0] != 0x0a || ended[id] {
			t.Errorf("event %q, already heard: %v", event, ended[id])
		} else {
			ended[id] = true
		}
	}
	crowd.read()
	a.Signal(t, syscall.SIGTERM)
	told := time.Now()
	code := a.WaitExit(t, endLimit(rooms))
	t.Logf("ended %s after SIGTERM with status %d", time.Since(told).Round(time.Millisecond), code)
	if code != 0 && !testkit.Soak() { // with 100,000 rooms a busy machine needs more than the 2 s that it has
		t.Errorf("status %d", code)
	}
	testkit.Within(t, 2*time.Second, "all ends are heard of", func() bool { return crowd.total() >= int64(3*rooms) })
	testkit.During(t, 200*time.Millisecond, "nothing comes twice", func() bool { return crowd.total() == int64(3*rooms) })
	crowd.check(t, rooms)
}
