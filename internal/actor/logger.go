package actor

import (
	"context"
	"fmt"
	"log/slog"

	"ergo.services/ergo/gen"
)

// slogLogger is Ergo's logger: it passes lines on to slog.
type slogLogger struct{ log *slog.Logger }

func (l slogLogger) Log(m gen.MessageLog) {
	level, ctx := slogLevel(m.Level), context.Background()
	if !l.log.Enabled(ctx, level) {
		return
	}
	attrs := sourceAttrs(m.Source)
	for _, f := range m.Fields {
		attrs = append(attrs, slog.Any(f.Name, f.Value))
	}
	l.log.LogAttrs(ctx, level, fmt.Sprintf(m.Format, m.Args...), attrs...)
}

func (l slogLogger) Terminate() {}

func slogLevel(level gen.LogLevel) slog.Level {
	switch {
	case level <= gen.LogLevelInfo: // Ergo's info is talk about itself
		return slog.LevelDebug
	case level == gen.LogLevelWarning:
		return slog.LevelWarn
	}
	return slog.LevelError
}

func sourceAttrs(source any) []slog.Attr {
	p, ok := source.(gen.MessageLogProcess)
	if !ok {
		return nil
	}
	name := string(p.Name)
	if name == "" {
		name = fmt.Sprintf("actor.%d", p.PID.ID)
	}
	return []slog.Attr{slog.String("actor", name)}
}
