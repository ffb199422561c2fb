package rest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// socketWait bounds each step of a script.
const socketWait = 10 * time.Second

// SocketWords are what a script's words in braces stand for, in hex: {api}
// the API token, {peer} a peer's token and so on.
type SocketWords map[string]string

// RunSockets plays the scripts of file against the server at base (http://…).
// The format is described in testdata/sockets/README.md.
func RunSockets(t *testing.T, base string, words func(t *testing.T) SocketWords, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line := 1
	for block := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n\n") {
		title, script, _ := strings.Cut(block, "\n")
		at := line
		line += strings.Count(block, "\n") + 2
		t.Run(strings.TrimPrefix(title, "# "), func(t *testing.T) {
			if !strings.Contains(script, "42020801") { // who subscribes would hear of the others' rooms
				t.Parallel()
			}
			p := player{base: base, words: words(t), open: map[string]*websocket.Conn{}}
			defer p.close()
			for i, step := range strings.Split(script, "\n") {
				if err := p.play(step); err != nil {
					t.Fatalf("%s:%d: %s: %v", file, at+1+i, step, err)
				}
			}
		})
	}
}

// player is one run of a script: sockets by the letter that names them.
type player struct {
	base  string
	words SocketWords
	open  map[string]*websocket.Conn
}

func (p *player) close() {
	for _, ws := range p.open {
		_ = ws.CloseNow()
	}
}

// play does one step: "a connect path", "a > frame", "a < frame", "a < close
// code reason", "a close", "rest METHOD path".
func (p *player) play(step string) error {
	ctx, cancel := context.WithTimeout(context.Background(), socketWait)
	defer cancel()
	name, rest, _ := strings.Cut(step, " ")
	verb, arg, _ := strings.Cut(rest, " ")
	switch {
	case strings.HasPrefix(step, "#"):
		return nil
	case name == "rest":
		return p.request(ctx, verb, p.fill(arg))
	case verb == "connect":
		return p.connect(ctx, name, p.fill(arg))
	case p.open[name] == nil:
		return errors.New("no such socket")
	case verb == "close":
		return p.open[name].Close(websocket.StatusNormalClosure, "")
	case verb == "drop":
		return p.open[name].CloseNow()
	case verb == "text":
		return p.open[name].Write(ctx, websocket.MessageText, []byte(arg))
	case verb == ">":
		b, err := p.frame(arg)
		if err != nil {
			return err
		}
		return p.open[name].Write(ctx, websocket.MessageBinary, b)
	case verb == "<":
		return p.expect(ctx, p.open[name], arg)
	}
	return errors.New("unknown step")
}

func (p *player) fill(text string) string {
	for word, value := range p.words {
		text = strings.ReplaceAll(text, "{"+word+"}", value)
	}
	return text
}

// frame reads hex and quoted words; (…) is a length-delimited group.
func (p *player) frame(text string) ([]byte, error) {
	b, rest, err := p.group(text)
	if err == nil && rest != "" {
		err = errors.New("too many closing parentheses")
	}
	return b, err
}

func (p *player) group(text string) (b []byte, rest string, err error) {
	for text != "" {
		switch text[0] {
		case ' ':
			text = text[1:]
		case ')':
			return b, text[1:], nil
		case '(':
			inner, after, err := p.group(text[1:])
			if err != nil {
				return nil, "", err
			}
			b = appendVarint(b, len(inner))
			b = append(b, inner...)
			text = after
		case '"':
			word, after, _ := strings.Cut(text[1:], `"`)
			b = append(b, p.fill(word)...)
			text = after
		default:
			if len(text) < 2 {
				return nil, "", hex.ErrLength
			}
			octet, err := hex.DecodeString(text[:2])
			if err != nil {
				return nil, "", err
			}
			b = append(b, octet...)
			text = text[2:]
		}
	}
	return b, "", nil
}

func appendVarint(b []byte, n int) []byte {
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

func (p *player) connect(ctx context.Context, name, arg string) error {
	path, origin, _ := strings.Cut(arg, " ")
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	ws, answer, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(p.base, "http")+path, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		if answer != nil {
			return fmt.Errorf("status %d: %w", answer.StatusCode, err)
		}
		return err
	}
	p.open[name] = ws
	return nil
}

func (p *player) expect(ctx context.Context, ws *websocket.Conn, want string) error {
	kind, got, err := ws.Read(ctx)
	if ending, ok := strings.CutPrefix(want, "close "); ok {
		var closed websocket.CloseError
		if !errors.As(err, &closed) {
			return fmt.Errorf("no close but %x, %w", got, err)
		}
		if text := strings.TrimSpace(strconv.Itoa(int(closed.Code)) + " " + closed.Reason); text != ending {
			return fmt.Errorf("closed with %s", text)
		}
		return nil
	}
	if err != nil {
		return err
	}
	b, err := p.frame(want)
	if err != nil {
		return err
	}
	if kind != websocket.MessageBinary || string(got) != string(b) {
		return fmt.Errorf("%s frame %x %q, want %x", kind, got, got, b)
	}
	return nil
}

func (p *player) request(ctx context.Context, method, path string) error {
	request, err := http.NewRequestWithContext(ctx, method, p.base+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+p.words["api"])
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	return nil
}
