package node

import (
	"context"
	"log/slog"

	"github.com/fjord-media/fjord/node/etf"
)

// startLogger spawns logger_proxy. A BEAM node sends it what its processes log whose group
// leader is here, which are those that run functions for us, and does not log that
// itself.
func (n *Node) startLogger() error {
	_, err := n.Spawn("logger_proxy", Callbacks{
		Message: n.remoteLog,
		Exit:    func(etf.Pid, etf.Term) {}, // nobody may end it
	})
	return err
}

// remoteLog serves {log, Level, Format, Args, Meta} and {log, Level, TextOrReport,
// Meta}.
func (n *Node) remoteLog(m Message) {
	t, ok := m.Term.(etf.Tuple)
	if !ok || (len(t) != 4 && len(t) != 5) || t[0] != etf.Term(etf.Atom("log")) {
		return
	}
	level, ok := levelOf(t[1])
	if !ok || !n.log.Enabled(context.Background(), level) {
		return
	}
	text, ok := etf.AsText(t[2])
	if !ok {
		text = etf.String(t[2])
	}
	if len(t) == 5 {
		text += " " + etf.String(t[3])
	}
	n.log.Log(context.Background(), level, "logged by a called function", "node", string(m.From.Node), "text", brief(text))
}

// levelOf is the level of a log event of OTP.
func levelOf(t etf.Term) (slog.Level, bool) {
	level, _ := t.(etf.Atom)
	switch level {
	case "emergency", "alert", "critical", "error":
		return slog.LevelError, true
	case "warning":
		return slog.LevelWarn, true
	case "notice", "info":
		return slog.LevelInfo, true
	case "debug":
		return slog.LevelDebug, true
	}
	return 0, false
}
