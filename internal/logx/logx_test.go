package logx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newLogger(t *testing.T, opts Options) (*Logger, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	opts.Writer = &out
	l, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return l, &out
}

type brokenError struct{ text *string }

func (b brokenError) Error() string { return *b.text }

// TestTextLines: everything after the time.
func TestTextLines(t *testing.T) {
	for name, tc := range map[string]struct {
		log  func(l *slog.Logger)
		want string
	}{
		"no metadata":          {func(l *slog.Logger) { l.Info("hello") }, "[info] hello"},
		"the line people grep": {func(l *slog.Logger) { l.Info(`[libcluster:epmd_cluster] connected to :"f1@127.0.0.1"`) }, `[info] [libcluster:epmd_cluster] connected to :"f1@127.0.0.1"`},
		"a room's line":        {func(l *slog.Logger) { l.With("room_id", "wire2z").Info("Initialize room") }, "room_id=wire2z [info] Initialize room"},
		"the original's order": {func(l *slog.Logger) {
			l.With("node", "f1@h").Error("x", "peer_id", "p", "room_id", "r", "request_id", "q")
		}, "request_id=q room_id=r peer_id=p node=f1@h [error] x"},
		"levels":        {func(l *slog.Logger) { l.Warn("x") }, "[warning] x"},
		"debug":         {func(l *slog.Logger) { l.Debug("x") }, "[debug] x"},
		"errors":        {func(l *slog.Logger) { l.Warn("x", "error", fmt.Errorf("dial f1@h: %w", errors.New("refused"))) }, `error="dial f1@h: refused" [warning] x`},
		"broken errors": {func(l *slog.Logger) { l.Warn("x", "error", brokenError{}) }, `error="<error that cannot be shown: runtime error: invalid memory address or nil pointer dereference>" [warning] x`},
		"values": {func(l *slog.Logger) {
			l.Info("x", "n", 7, "d", 1500*time.Millisecond, "b", true, "f", 0.5, "nil", nil, "list", []string{"a", "b"}, "raw", []byte{1, 255})
		}, `n=7 d=1.5s b=true f=0.5 nil=<nil> list="[a b]" raw=01ff [info] x`},
		"groups":                         {func(l *slog.Logger) { l.WithGroup("g").With("a", 1).WithGroup("h").Info("x", slog.Group("i", "b", 2)) }, "g.a=1 g.h.i.b=2 [info] x"},
		"the later value":                {func(l *slog.Logger) { l.With("a", 1).Info("x", "a", 2) }, "a=2 [info] x"},
		"values that need it are quoted": {func(l *slog.Logger) { l.Info("x", "a", "b c", "e", "", "f", "g=h", "i", "j\nk", "l", "\x1b[0m") }, `a="b c" e="" f="g=h" i="j\nk" l="\x1b[0m" [info] x`},
		"lines of a message":             {func(l *slog.Logger) { l.Info("Feature flags:\n  * Request routing: disabled\n\n") }, "[info] Feature flags:\n      * Request routing: disabled"},
		"no line is forged":              {func(l *slog.Logger) { l.Info("a\r\n12:00:00.000 [error] b\rc\x1b[2J\xff\u0085") }, "[info] a\n    12:00:00.000 [error] b\\x0dc\\x1b[2J\\xff\\u0085"},
		"text of any language":           {func(l *slog.Logger) { l.Info("zażółć\t日本", "room_id", "ß") }, "room_id=ß [info] zażółć\t日本"},
	} {
		t.Run(name, func(t *testing.T) {
			l, out := newLogger(t, Options{Level: "debug"})
			tc.log(l.Slog("room"))
			clock, rest, _ := strings.Cut(out.String(), " ")
			if !regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d\d\d$`).MatchString(clock) {
				t.Errorf("time is %q", clock)
			}
			if rest != tc.want+"\n" {
				t.Errorf("\n got %q\nwant %q", rest, tc.want+"\n")
			}
		})
	}
}

func TestWholeTextLine(t *testing.T) {
	entry := zapcore.Entry{Time: time.Date(2026, 1, 2, 12, 0, 0, 123_999_999, time.Local), Message: `[libcluster:epmd_cluster] connected to :"f1@127.0.0.1"`}
	if got := string(renderText(entry, nil)); got != "12:00:00.123 [info] [libcluster:epmd_cluster] connected to :\"f1@127.0.0.1\"\n" {
		t.Errorf("%q", got)
	}
}

func TestJSONLines(t *testing.T) {
	l, out := newLogger(t, Options{JSON: true})
	before := time.Now().Add(-time.Millisecond)
	l.Slog("room").Warn("a <b>\nc", "room_id", "r", "n", 7, "error", errors.New("e"), "nan", math.NaN(), "d", time.Second)
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d lines: %s", n, out)
	}
	if !strings.HasPrefix(out.String(), `{"time":"`) || !strings.Contains(out.String(), `Z","severity":"warning","message":"a <b>\nc","metadata":{`) {
		t.Errorf("line is %s", out)
	}
	var line jsonLine
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"logger": "room", "room_id": "r", "n": "7", "error": "e", "nan": "NaN", "d": "1s"}
	if fmt.Sprint(line.Metadata) != fmt.Sprint(want) {
		t.Errorf("metadata %v, want %v", line.Metadata, want)
	}
	at, err := time.Parse(time.RFC3339, line.Time)
	if err != nil || at.Before(before.Truncate(time.Millisecond)) {
		t.Errorf("time %q, logged after %v (%v)", line.Time, before, err)
	}
	out.Reset()
	l.Slog("").Info("x", "n", 7, "b", true)
	if !strings.HasSuffix(out.String(), `"severity":"info","message":"x","metadata":{"b":true,"n":7}}`+"\n") {
		t.Errorf("line is %s", out)
	}
}

func TestLevelChangesAtRunTime(t *testing.T) {
	l, out := newLogger(t, Options{Level: "warning"})
	view := l.Slog("x").With("a", 1)
	view.Info("one")
	if err := l.SetLevel("debug"); err != nil {
		t.Fatal(err)
	}
	view.Debug("two")
	if got := l.Level(); got != "debug" || strings.Contains(out.String(), "one") || !strings.Contains(out.String(), "[debug] two") {
		t.Errorf("level %s, output %q", got, out)
	}
	if err := l.SetLevel("warn"); err == nil || l.Level() != "debug" {
		t.Errorf("an unknown level was taken: %v, %s", err, l.Level())
	}
	if _, err := New(Options{Level: "INFO"}); err == nil {
		t.Error("an unknown level was taken by New")
	}
}

func TestAdapters(t *testing.T) {
	l, out := newLogger(t, Options{})
	last := func() string {
		defer out.Reset()
		_, rest, _ := strings.Cut(out.String(), " ")
		return rest
	}
	FuncOf(l.Slog("actor"))(slog.LevelWarn, "died", slog.String("actor", "room"))
	if got := last(); got != "actor=room [warning] died\n" {
		t.Errorf("Func: %q", got)
	}
	// The shape gin's recovery writes in.
	log.New(Writer(l.Slog("http"), slog.LevelError), "\n\n\x1b[31m", 0).Print("panic recovered:\nboom\n\x1b[0m")
	if got := last(); got != "[error] panic recovered:\n    boom\n" {
		t.Errorf("Writer: %q", got)
	}
	if n, err := Writer(l.Slog(""), slog.LevelInfo).Write([]byte("\n")); n != 1 || err != nil || out.Len() != 0 {
		t.Errorf("empty write: %d, %v, %q", n, err, out)
	}
	if n, _ := Writer(l.Slog(""), slog.LevelInfo).Write([]byte("a\x1b[3")); n != 4 || last() != "[info] a3\n" {
		t.Error("an unfinished colour")
	}
	l.Zap().With(zap.String("room_id", "r")).Info("zap", zap.Error(errors.New("e")), zap.Stringer("s", (*broken)(nil)))
	if got := last(); !strings.HasPrefix(got, "room_id=r error=e s=") || !strings.HasSuffix(got, " [info] zap\n") {
		t.Errorf("Zap: %q", got)
	}
	Discard().Slog("").Error("nobody hears this")
	if err := l.Sync(); err != nil {
		t.Error(err)
	}
}

type broken struct{ text string }

func (b *broken) String() string { return b.text }

// TestLinesAreWhole: each line is one write, whoever logs at the same time.
func TestLinesAreWhole(t *testing.T) {
	l, out := newLogger(t, Options{})
	view := l.Slog("").With("room_id", "r")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 100 {
				view.With("writer", i).Info("message", "more", "metadata")
			}
		})
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 800 {
		t.Errorf("%d lines", len(lines))
	}
	whole := regexp.MustCompile(`^\S+ room_id=r writer=\d more=metadata \[info\] message$`)
	for _, line := range lines {
		if !whole.MatchString(line) {
			t.Fatalf("broken line %q", line)
		}
	}
}

// FuzzTextLine: whatever is logged, each line of output begins with a time or with the indentation.
func FuzzTextLine(f *testing.F) {
	f.Add("a\nb", "k", "v")
	f.Add("\r\x00\u2028", "k\n", "\xff=\"")
	f.Fuzz(func(t *testing.T, msg, key, value string) {
		line := string(renderText(zapcore.Entry{Message: msg}, []pair{{key, value}}))
		for i, part := range strings.Split(strings.TrimSuffix(line, "\n"), "\n") {
			if i > 0 && !strings.HasPrefix(part, continuation) {
				t.Fatalf("%q begins a line", part)
			}
			if strings.ContainsAny(part, "\r\x1b\x00\v\f") {
				t.Fatalf("%q has control characters", part)
			}
		}
	})
}
