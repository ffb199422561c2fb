package config

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// Setting is one variable in effect.
type Setting struct {
	Variable Variable
	Value    string // "(hidden)" for a secret that is set, empty for what is unset
	Source   string // the name it was set by (FJ_PORT, JF_PORT, --port), or "default"
}

// Settings lists the configuration in effect in the order of Variables, without
// the _FILE companions. Secrets are hidden.
func (c Config) Settings() []Setting {
	var all []Setting
	for _, v := range Variables() {
		if v.read == nil {
			continue
		}
		s := Setting{Variable: v, Value: v.show(c), Source: c.sources[v.Name]}
		if s.Source == "" {
			s.Source = "default"
		}
		if v.Secret && s.Value != "" {
			s.Value = hidden
		}
		all = append(all, s)
	}
	return all
}

// Print writes the configuration in effect, one variable a line, each with
// where it comes from. Secrets are hidden.
func (c Config) Print(w io.Writer) error {
	var b strings.Builder
	if c.Development {
		b.WriteString("# development mode: FJ_SERVER_API_TOKEN is not set\n")
	}
	for _, s := range c.Settings() {
		line := s.Variable.Name + "=" + quote(s.Value)
		fmt.Fprintf(&b, "%-48s # %s\n", line, s.Source)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quote makes values with spaces or special characters readable by a shell.
func quote(value string) string {
	if value == hidden {
		return value
	}
	plain := func(r rune) bool {
		return r > ' ' && r < 0x7f && !strings.ContainsRune("\"'`\\$#&;|<>()*?![]{}~", r)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return !plain(r) }) {
		return strconv.Quote(value)
	}
	return value
}

// String is the configuration in effect, secrets hidden.
func (c Config) String() string {
	var b strings.Builder
	for i, s := range c.Settings() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.Variable.Name + "=" + quote(s.Value))
	}
	return b.String()
}

// LogValue is String for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
