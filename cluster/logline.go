package cluster

import (
	"context"
	"log/slog"
	"strings"
)

// linkLog writes the lines about links that users look for, in the shape of
// libcluster: "[libcluster:TOPOLOGY] connected to :f1@localhost".
type linkLog struct {
	log      *slog.Logger
	topology string // epmd_cluster or cluster
}

// The topologies as manuals print them for NODES_LIST, and as the original
// prints it for DNS.
const (
	TopologyNodesList = "epmd_cluster"
	TopologyDNS       = "cluster"
)

func (l linkLog) prefix() string { return "[libcluster:" + l.topology + "] " }

func (l linkLog) connected(node string) {
	l.log.Info(l.prefix() + "connected to " + inspectAtom(node))
}

func (l linkLog) accepted(node string) {
	l.log.Info(l.prefix() + "accepted connection from " + inspectAtom(node))
}

func (l linkLog) disconnected(node string, reason error) {
	l.log.Warn(l.prefix() + "disconnected from " + inspectAtom(node) + ": " + reasonOf(reason).String())
}

// failed logs a dial that failed. A node that nobody listed (learned from
// another one) is no reason to warn.
func (l linkLog) failed(node string, reason Reason, wanted bool) {
	level := slog.LevelInfo
	if wanted {
		level = slog.LevelWarn
	}
	l.log.Log(context.Background(), level, l.prefix()+"unable to connect to "+inspectAtom(node)+": "+reason.String())
}

// inspectAtom shows an atom as Elixir's inspect does: :name when name is an
// identifier (letters, digits, _ and @, perhaps ? or ! at the end), else quoted.
func inspectAtom(name string) string {
	if plainAtom(name) {
		return ":" + name
	}
	var b strings.Builder
	b.WriteString(`:"`)
	for _, r := range name {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
		case '\n':
			b.WriteString(`\n`)
			continue
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

func plainAtom(name string) bool {
	body := strings.TrimSuffix(strings.TrimSuffix(name, "?"), "!")
	if body == "" || len(name)-len(body) > 1 {
		return false
	}
	for i, r := range body {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '@' && (r < '0' || r > '9')) {
			return false
		}
	}
	return true
}
