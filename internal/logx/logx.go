// Package logx is Fjord's logger: zap writes the lines, and everything else
// gets a view of it. Code logs through the *slog.Logger of Slog; libraries that
// want an io.Writer or a plain function get Writer and FuncOf.
//
// Lines look as Fishjam's do, since people search them:
//
//	12:00:00.123 room_id=wire2z [info] Initialize room
//
// or, structured, are JSON objects with time, severity, message and metadata.
// A line never contains a raw control character, and the second and further
// lines of a message are indented, so that no value can forge a line.
package logx

import (
	"fmt"
	"io"
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"
)

// Options of a logger.
type Options struct {
	Writer io.Writer // where lines go; one Write for each line
	JSON   bool      // JSON objects instead of text
	Level  string    // debug, info, warning or error; empty: info
}

// Logger writes lines of at least a level, which can be changed at any time.
type Logger struct {
	core  zapcore.Core
	level zap.AtomicLevel
}

// New makes a logger. The error is that of an unknown level.
func New(opts Options) (*Logger, error) {
	level, err := ParseLevel(opts.Level)
	if err != nil {
		return nil, err
	}
	l := &Logger{level: zap.NewAtomicLevelAt(level)}
	l.core = &core{LevelEnabler: l.level, out: zapcore.Lock(zapcore.AddSync(opts.Writer)), render: renderText}
	if opts.JSON {
		l.core.(*core).render = renderJSON
	}
	return l, nil
}

// Discard is a logger that writes nothing.
func Discard() *Logger {
	return &Logger{core: zapcore.NewNopCore(), level: zap.NewAtomicLevelAt(zapcore.ErrorLevel)}
}

// Slog is the logger for a package. A name, if not empty, is shown in JSON as
// metadata.logger; in text it is left out, as in Fishjam's lines.
func (l *Logger) Slog(name string) *slog.Logger {
	return slog.New(zapslog.NewHandler(l.core, zapslog.WithName(name), zapslog.WithCaller(false), zapslog.AddStacktraceAt(noStack)))
}

// noStack is a level nothing is logged at: lines carry no stack traces.
const noStack = slog.Level(1 << 10)

// Zap is the logger for code that wants zap.
func (l *Logger) Zap() *zap.Logger { return zap.New(l.core) }

// Level is the level in effect: debug, info, warning or error.
func (l *Logger) Level() string { return severity(l.level.Level()) }

// SetLevel changes the level of all views of the logger.
func (l *Logger) SetLevel(level string) error {
	parsed, err := ParseLevel(level)
	if err != nil {
		return err
	}
	l.level.SetLevel(parsed)
	return nil
}

// Sync flushes the writer, if it can be.
func (l *Logger) Sync() error { return l.core.Sync() }

// ParseLevel reads debug, info, warning or error; empty is info.
func ParseLevel(name string) (zapcore.Level, error) {
	switch name {
	case "debug":
		return zapcore.DebugLevel, nil
	case "", "info":
		return zapcore.InfoLevel, nil
	case "warning":
		return zapcore.WarnLevel, nil
	case "error":
		return zapcore.ErrorLevel, nil
	}
	return 0, fmt.Errorf("unknown log level %q: use debug, info, warning or error", name)
}

// severity is the name of a level in a line.
func severity(level zapcore.Level) string {
	switch {
	case level <= zapcore.DebugLevel:
		return "debug"
	case level == zapcore.InfoLevel:
		return "info"
	case level == zapcore.WarnLevel:
		return "warning"
	}
	return "error"
}
