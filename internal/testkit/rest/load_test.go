//go:build bench

package rest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestLoadListeners: 2,000 listeners, and 1,000 events a second for ten seconds.
func TestLoadListeners(t *testing.T) {
	const listeners, perSecond, seconds = 2000, 1000, 10
	f := startServer(t)
	url := "ws" + strings.TrimPrefix(f.API, "http") + "/socket/server/websocket"
	var got atomic.Int64
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for range listeners {
		ws, conn := rawListener(t, url)
		wg.Go(func() {
			countFrames(ctx, conn, &got)
			_ = ws.CloseNow() // lives until here: its finalizer would close the connection
		})
	}
	before := got.Load()
	began := time.Now()
	const workers, events = 16, int64(perSecond * seconds)
	var sending sync.WaitGroup
	for worker := range workers {
		sending.Go(func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			for i := worker * 2; i < perSecond*seconds; i += 2 * workers { // a room's creation and end are two
				time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / perSecond)))
				id := fmt.Sprint("r", i)
				request(t, client, http.MethodPost, f.API+"/room", `{"roomId":"`+id+`"}`)
				request(t, client, http.MethodDelete, f.API+"/room/"+id, "")
			}
		})
	}
	sending.Wait()
	took := time.Since(began)
	testkit.Within(t, 30*time.Second, "all events arrive", func() bool { return got.Load()-before >= events*listeners })
	t.Logf("%d events in %s to %d listeners: %d frames, the last %s after the last event; %d MB resident",
		events, took.Round(time.Millisecond), listeners, got.Load()-before, (time.Since(began) - took).Round(time.Millisecond), residentKB(t, f.Pid)/1024)
	cancel()
	wg.Wait()
}

func request(t *testing.T, client *http.Client, method, url, body string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+testkit.Token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode >= 300 {
		t.Errorf("%s %s: %s", method, url, answer.Status)
	}
}

// rawListener subscribes, and gives the connection without a websocket library
// above it, which costs more than the server does.
func rawListener(t *testing.T, url string) (*websocket.Conn, net.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var conn net.Conn
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		conn = c
		return c, err
	}}}
	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	for _, frame := range []string{"\x3a\x0d\x0a\x0b" + testkit.Token, "\x42\x02\x08\x01"} {
		if err := ws.Write(ctx, websocket.MessageBinary, []byte(frame)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ws.Read(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return ws, conn
}

// countFrames counts frames of less than 126 bytes until ctx is done.
func countFrames(ctx context.Context, conn net.Conn, got *atomic.Int64) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })
	defer stop()
	r := bufio.NewReaderSize(conn, 16<<10)
	for {
		head, err := r.Peek(2)
		if err != nil {
			return
		}
		if _, err := r.Discard(2 + int(head[1])); err != nil {
			return
		}
		got.Add(1)
	}
}

// TestLoadSlowClients: 1,000 connections that send a byte a second do not
// delay the others.
func TestLoadSlowClients(t *testing.T) {
	f := startServer(t)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	p99 := func() time.Duration {
		var all []time.Duration
		for range 3000 {
			began := time.Now()
			request(t, client, http.MethodGet, f.API+"/health", "")
			all = append(all, time.Since(began))
		}
		slices.Sort(all)
		return all[len(all)*99/100]
	}
	alone := p99()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 1000 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(f.API, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer conn.Close()
			for _, b := range []byte("POST /room HTTP/1.1\r\nHost: x\r\nX-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") {
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Second):
				}
				if _, err := conn.Write([]byte{b}); err != nil {
					return
				}
			}
		})
	}
	t.Logf("p99 of GET /health: %s alone, %s beside 1,000 slow clients", alone, p99())
	cancel()
	wg.Wait()
}

// TestLoadRooms: 100,000 rooms.
func TestLoadRooms(t *testing.T) {
	const rooms, clients = 100_000, 4
	f := startServer(t)
	before := residentKB(t, f.Pid)
	var wg sync.WaitGroup
	began := time.Now()
	for c := range clients {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			for i := range rooms / clients {
				request(t, client, http.MethodPost, f.API+"/room", fmt.Sprintf(`{"roomId":"r%d-%d"}`, c, i))
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
		int(rooms/took.Seconds()), time.Since(began).Round(time.Millisecond), len(list)>>20, (residentKB(t, f.Pid)-before)/rooms)
}
