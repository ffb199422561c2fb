package logx

import (
	"go.uber.org/zap/zapcore"
)

// core is the zap sink: it turns an entry into one line and writes it at once.
type core struct {
	zapcore.LevelEnabler
	out    zapcore.WriteSyncer
	render func(entry zapcore.Entry, metadata []pair) []byte
	fields []zapcore.Field
}

// With returns a core that adds fields to each line.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	more := *c
	more.fields = append(c.fields[:len(c.fields):len(c.fields)], fields...)
	return &more
}

// Check adds the core to ce when the entry's level is logged.
func (c *core) Check(entry zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return ce.AddCore(entry, c)
	}
	return ce
}

// Write writes one line.
func (c *core) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	all := append(c.fields[:len(c.fields):len(c.fields)], fields...)
	_, err := c.out.Write(c.render(entry, pairs(all)))
	return err
}

// Sync flushes the writer.
func (c *core) Sync() error { return c.out.Sync() }
