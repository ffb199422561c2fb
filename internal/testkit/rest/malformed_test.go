package rest_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fjord-media/fjord/internal/testkit"
)

// TestMalformed sends requests and frames that are wrong in every way, 20,000
// or in the long form a million: the node answers, lives, logs no error and
// answers none with a 5xx but the two that HTTP itself demands: 501 for a
// transfer coding and 505 for a version that the server does not know.
func TestMalformed(t *testing.T) {
	const workers = 4
	total := 20_000
	if testkit.Soak() {
		total = 1_000_000
	}
	f := testkit.StartFjord(t, testkit.FjordOptions{Env: map[string]string{
		"FJ_LOG_LEVEL": "error", "FJ_COMPONENTS_USED": "hls rtsp file sip recording", "FJ_SIP_IP": "127.0.0.1",
		"FJ_RESOURCES_BASE_PATH": t.TempDir(), "FJ_CHECK_ORIGIN": "false",
	}}).WaitUp(t)
	if _, err := f.PostRoom(`{"roomId":"r"}`); err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(f.API, "http://")
	var counts [6]atomic.Int64 // by hundreds of the status; 0: hung up
	var wg sync.WaitGroup
	began := time.Now()
	for w := range workers {
		wg.Go(func() {
			g := garbler{rand.New(rand.NewPCG(6, uint64(w)))}
			for range total / workers {
				request := g.request()
				answer, err := exchange(address, request)
				if err != nil {
					t.Errorf("%q: %v", request, err)
					return
				}
				status := statusOf(answer)
				counts[status/100].Add(1)
				if status >= 500 && status != 501 && status != 505 {
					t.Errorf("%q\n is answered with\n%q", request, answer)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d requests in %s; hung up %d, 1xx %d, 2xx %d, 4xx %d, 5xx %d; %d MB resident", total, time.Since(began).Round(time.Millisecond),
		counts[0].Load(), counts[1].Load(), counts[2].Load(), counts[4].Load(), counts[5].Load(), residentKB(t, f.Pid)/1024)
	if !f.Up() {
		t.Error("the node is down")
	}
	if bad := f.Matches(`.*(\[error\]|panic).*`); len(bad) > 0 {
		t.Errorf("logged: %q", bad[0])
	}
}

// exchange sends bytes, says that no more come, and reads what comes back, at
// most 64 KiB.
func exchange(address, request string) (string, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	tcp := conn.(*net.TCPConn)
	_ = tcp.SetLinger(0) // leaves no port behind
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return "", err
	}
	_, _ = io.WriteString(conn, request) // it may have hung up already
	_ = tcp.CloseWrite()
	answer, err := io.ReadAll(io.LimitReader(conn, 64<<10))
	if wait := net.Error(nil); errors.As(err, &wait) && wait.Timeout() {
		return "", fmt.Errorf("no answer and no end: %w", err)
	}
	return string(answer), nil
}

// statusOf is the status of the first answer; 0: there is none.
func statusOf(answer string) int {
	if len(answer) < len("HTTP/1.1 200") {
		return 0
	}
	status, err := strconv.Atoi(answer[9:12])
	if err != nil || status < 100 || status > 599 {
		return 0
	}
	return status
}

// garbler makes requests that were good once.
type garbler struct{ *rand.Rand }

func (g garbler) of(list ...string) string { return list[g.IntN(len(list))] }

// request is one request, or a handshake with frames.
func (g garbler) request() string {
	var text string
	if g.IntN(8) == 0 {
		text = g.frames()
	} else {
		text = g.plain()
	}
	b := []byte(text)
	for range g.IntN(4) * g.IntN(2) {
		b = g.damage(b)
	}
	return string(b)
}

// damage changes, doubles, drops or inserts bytes.
func (g garbler) damage(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	at := g.IntN(len(b))
	end := min(len(b), at+1+g.IntN(9))
	switch g.IntN(5) {
	case 0:
		b[at] = byte(g.Uint32())
	case 1:
		b = append(b[:at:at], b[end:]...)
	case 2:
		b = append(b[:end:end], b[at:]...)
	case 3:
		b = append(b[:at:at], append([]byte(g.value()), b[at:]...)...)
	default:
		b = b[:at]
	}
	return b
}

func (g garbler) plain() string {
	method := g.of("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "X")
	path := g.of("/room", "/room/r", "/room/r/peer", "/room/r/component", "/room/r/component/x/subscribe", "/health", "/recording",
		"/recording/x", "/recording/x/y", "/hls/r/index.m3u8", "/hls/../../etc/passwd", "/sip/r/x/call", "/log/level", "/docs", "/dashboard",
		"/openapi.json", "/cluster", "/", "/%2e%2e/%00", "/room/%ff", "/room/"+strings.Repeat("x", g.IntN(300)), "*")
	if g.IntN(4) == 0 {
		path += g.of("?", "/", "//", "?_format=xml", "?_HLS_msn=x&_HLS_part=-1", "?a[b]=c", "?%zz", "#f", "?_method=DELETE")
	}
	body := g.body()
	headers := []string{"Host: x", "Authorization: Bearer " + testkit.Token}
	for range g.IntN(4) {
		headers = append(headers, g.of("Accept", "Content-Type", "Authorization", "Cookie", "Range", "Origin", "Expect", "X-Request-Id",
			"Accept-Encoding", "If-None-Match", "Upgrade", "Connection", "X Y", "")+g.of(": ", ":", " : ", "")+g.value())
	}
	headers = append(headers, "Content-Type: "+g.of("application/json", "application/json", "application/json; charset=x",
		"multipart/form-data; boundary=b", "application/x-www-form-urlencoded", "text/plain", g.value()))
	switch g.IntN(8) {
	case 0:
		headers = append(headers, "Content-Length: "+g.of("-1", "99999999999999999999", "0", "3", "x", "9000000"))
	case 1:
		headers = append(headers, "Transfer-Encoding: "+g.of("chunked", "gzip", "chunked, chunked"))
		body = g.of(fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body), "zz\r\n", "ffffffffffffffff\r\nx", body)
	default:
		headers = append(headers, "Content-Length: "+strconv.Itoa(len(body)))
	}
	return method + " " + path + " " + g.of("HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "") +
		"\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n" + body
}

// body is JSON of the wrong kinds, or none.
func (g garbler) body() string {
	if g.IntN(6) == 0 {
		return g.of("", "{", "[]", "null", "\x00", "--b\r\n\r\n\r\n--b--", "a=b&c[d]=e", `"`, strings.Repeat("[", 20_000), "{}{}")
	}
	var b strings.Builder
	b.WriteByte('{')
	for i := range g.IntN(5) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(g.of("roomId", "maxPeers", "videoCodec", "webhookUrl", "peerlessPurgeTimeout", "peerDisconnectedTimeout",
			"type", "options", "origins", "phoneNumber", "level", "_method", "x")) + ":" + g.json(2))
	}
	return b.String() + "}"
}

func (g garbler) json(depth int) string {
	if depth > 0 && g.IntN(4) == 0 {
		return g.of("["+g.json(depth-1)+"]", `{"`+g.of("x", "sourceUri", "filePath", "registrarCredentials", "s3", "pathPrefix", "enableSimulcast",
			"tracksIds", "framerate", "rtpPort")+`":`+g.json(depth-1)+"}")
	}
	return g.of("null", "true", "0", "-1", "1e400", "99999999999999999999", "1.5", `""`, `"a b"`, `"x\n"`, `"\ud800"`, `"http://"`, `"webrtc"`,
		`"hls"`, `"sip"`, `"file"`, `"rtsp"`, `"recording"`, `"vp8"`, `"h264"`, `"`+strings.Repeat("y", g.IntN(200))+`"`, "\"\xff\"", "[]", "{}")
}

func (g garbler) value() string {
	return g.of("", "x", "*/*", "text/html", "bytes=0-", "bytes=9-1,-5", "Bearer", "100-continue", "websocket", "close", "\x00", "é", "\xff\xfe",
		"a\r\nb: c", strings.Repeat("z", g.IntN(5000)), "application/*;q=0", "%n%s", "${x}", "\t", ",;=\"")
}

// frames is a handshake with frames behind it.
func (g garbler) frames() string {
	b := []byte("GET /socket/" + g.of("server", "peer", "server", "x") + "/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: " + g.of("13", "13", "13", "12", "x") + "\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	for range 1 + g.IntN(4) {
		payload := []byte(g.of("", "\x3a\x0d\x0a\x0b"+testkit.Token, "\x42\x02\x08\x01", "\x42\x02\x08\x02", "\x12\x03\x0a\x01x", "\x1a\x04\x0a\x02{}", g.value()))
		first := byte(g.IntN(256))
		if g.IntN(2) == 0 {
			first = 0x82
		}
		b = append(b, first)
		switch n := len(payload); {
		case g.IntN(10) == 0:
			b = append(b, 0x80|127)
			b = binary.BigEndian.AppendUint64(b, g.Uint64())
		case n < 126:
			b = append(b, 0x80|byte(n))
		default:
			b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
		}
		b = append(b, 0, 0, 0, 0) // a mask that changes nothing
		b = append(b, payload...)
	}
	return string(b)
}
