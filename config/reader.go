package config

import (
	"fmt"
	"log/slog"
	"strings"
)

// rank says which of several settings of one variable counts: the highest.
type rank int

const (
	rankUnset rank = iota
	rankJF
	rankFJ
	rankFlag
)

// value is what a user set.
type value struct {
	variable string // FJ_PORT
	text     string
	name     string // by which it was set: FJ_PORT, JF_PORT, --port
	rank     rank
}

// reader collects a Config, its notes and its problems.
type reader struct {
	sys      System
	flags    map[string]string // by variable name
	c        Config
	notes    []Note
	problems []Problem
	seen     map[string]value

	static      bool // STATIC is among the strategies
	distMatters bool // FJ_DIST_ENABLED is true, or is so wrong that it may mean true
}

func (r *reader) problem(name, message, fix string, args ...any) {
	r.problems = append(r.problems, Problem{Variable: name, Message: message, Fix: fmt.Sprintf(fix, args...)})
}

func (r *reader) note(level slog.Level, name, message string) {
	r.notes = append(r.notes, Note{Level: level, Variable: name, Message: message})
}

// set reports whether the user set the variable in any way.
func (r *reader) set(name string) bool {
	_, ok := r.seen[name]
	return ok
}

// raw finds the setting that counts: flag, FJ_ name, JF_ name. An empty string
// is a setting too.
func (r *reader) raw(v Variable) value {
	if text, ok := r.flags[v.Name]; ok {
		return value{v.Name, text, "--" + v.Flag(), rankFlag}
	}
	if text, ok := r.sys.LookupEnv(v.Name); ok {
		return value{v.Name, text, v.Name, rankFJ}
	}
	if v.Ancestor != "" {
		if text, ok := r.sys.LookupEnv(v.Ancestor); ok {
			return value{v.Name, text, v.Ancestor, rankJF}
		}
	}
	return value{}
}

// deprecated notes a JF_ name, even when another setting wins, as Fishjam does.
func (r *reader) deprecated(v Variable) {
	if v.Ancestor == "" {
		return
	}
	if _, ok := r.sys.LookupEnv(v.Ancestor); ok {
		r.note(slog.LevelWarn, v.Ancestor,
			fmt.Sprintf("%s is the deprecated name of %s; it still works, but set %s instead", v.Ancestor, v.Name, v.Name))
	}
}

// find is raw plus the file companion. ok is false when the variable is unset
// or its file cannot be had, which is reported.
func (r *reader) find(v Variable) (value, bool) {
	direct := r.raw(v)
	if !v.HasFile {
		return direct, direct.rank != rankUnset
	}
	file := r.raw(fileVariable(v))
	switch {
	case file.rank == rankUnset || direct.rank > file.rank:
		return direct, direct.rank != rankUnset
	case direct.rank == file.rank:
		r.seen[v.Name] = direct
		r.problem(file.name, fmt.Sprintf("%s and %s are both set.", direct.name, file.name), "unset one of them")
		return value{}, false
	}
	r.seen[v.Name], r.seen[v.Name+"_FILE"] = file, file
	data, err := r.sys.ReadFile(file.text)
	if err != nil {
		r.problem(file.name, fmt.Sprintf("The file cannot be read: %v.", err), "let %s name a readable file that holds the value of %s", file.name, v.Name)
		return value{}, false
	}
	file.text = strings.TrimRight(string(data), "\r\n")
	file.variable = v.Name
	return file, true
}

// readAll goes through the table once.
func (r *reader) readAll(table []Variable) {
	for _, v := range table {
		r.deprecated(v)
		if v.read == nil {
			continue
		}
		found, ok := r.find(v)
		if !ok {
			continue
		}
		r.seen[v.Name] = found
		v.read(r, found)
	}
}
