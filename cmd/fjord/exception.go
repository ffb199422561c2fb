package main

import (
	"fmt"
	"strings"

	"github.com/fjord-media/fjord/node"
	"github.com/fjord-media/fjord/node/etf"
)

// exception says how a called function ended, in the words of the Erlang shell:
// "** exception error: undefined function foo:bar/0", and where.
func exception(e *node.RemoteError) string {
	stack := frames(e.Stack)
	words, used := explain(e, stack)
	var b strings.Builder
	fmt.Fprintf(&b, "** exception %s: %s", e.Class, words)
	if used { // the first frame is part of the words
		b.WriteString(stack[0].where())
		stack = stack[1:]
	}
	for i, f := range stack {
		if i == 0 && !used {
			fmt.Fprintf(&b, "\n     in function  %s%s", f.name(), f.where())
			continue
		}
		fmt.Fprintf(&b, "\n     in call from %s%s", f.name(), f.where())
	}
	return b.String()
}

// atomReasons are the reasons of class error that are an atom.
func atomReasons() map[etf.Atom]string {
	return map[etf.Atom]string{
		"badarg":        "bad argument",
		"badarith":      "an error occurred when evaluating an arithmetic expression",
		"if_clause":     "no true branch found when evaluating an if expression",
		"noproc":        "no such process or port",
		"notalive":      "the node cannot be part of a distributed system",
		"system_limit":  "a system limit has been reached",
		"timeout_value": "bad receive timeout value",
	}
}

// valueReasons are those of the form {Kind, Value}: the words before the value.
func valueReasons() map[etf.Atom]string {
	return map[etf.Atom]string{
		"badarg":      "bad argument: ",
		"badfun":      "bad function ",
		"badkey":      "bad key: ",
		"badmap":      "bad map: ",
		"badmatch":    "no match of right hand side value ",
		"badrecord":   "bad record: ",
		"case_clause": "no case clause matching ",
		"try_clause":  "no try clause matching ",
	}
}

// explain puts a reason into words; used says that the first frame is in them.
func explain(e *node.RemoteError, stack []frame) (words string, used bool) {
	if e.Class != node.ClassError {
		return etf.String(e.Reason), false
	}
	if atom, ok := etf.AsAtom(e.Reason); ok {
		switch {
		case atom == "undef" && len(stack) > 0:
			return "undefined function " + stack[0].name(), true
		case atom == "function_clause" && len(stack) > 0 && stack[0].args != nil:
			return "no function clause matching " + stack[0].call(), true
		}
		if words := atomReasons()[atom]; words != "" {
			return words, false
		}
	}
	if t, ok := e.Reason.(etf.Tuple); ok && len(t) == 2 {
		if kind, ok := etf.AsAtom(t[0]); ok && valueReasons()[kind] != "" {
			return valueReasons()[kind] + etf.String(t[1]), false
		}
	}
	return etf.String(e.Reason), false
}

// frame is one entry of a stack trace, {Module, Function, Arity | Args, Location}.
type frame struct {
	module, function etf.Atom
	arity            int64
	args             etf.List // nil when only the arity is known
	file             string
	line             int64
}

// frames reads a stack trace, without what is no frame.
func frames(stack etf.Term) []frame {
	list, _ := etf.AsList(stack)
	var out []frame
	for _, entry := range list {
		t, ok := entry.(etf.Tuple)
		if !ok || len(t) != 4 {
			continue
		}
		var f frame
		var okM, okF bool
		f.module, okM = etf.AsAtom(t[0])
		f.function, okF = etf.AsAtom(t[1])
		if n, isArity := etf.AsInt(t[2]); isArity {
			f.arity = n
		} else if args, isList := etf.AsList(t[2]); isList {
			f.args, f.arity = append(etf.List{}, args...), int64(len(args))
		}
		f.file, f.line = location(t[3])
		if okM && okF {
			out = append(out, f)
		}
	}
	return out
}

// location reads [{file, "x.erl"}, {line, 7}].
func location(t etf.Term) (file string, line int64) {
	list, _ := etf.AsList(t)
	for _, entry := range list {
		if pair, ok := etf.AsTagged(entry, "file", 2); ok {
			file, _ = etf.AsText(pair[1])
		}
		if pair, ok := etf.AsTagged(entry, "line", 2); ok {
			line, _ = etf.AsInt(pair[1])
		}
	}
	return file, line
}

func (f frame) qualified() string {
	function := etf.String(f.function)
	if f.module == "erlang" { // as the shell, which leaves it out
		return function
	}
	return etf.String(f.module) + ":" + function
}

func (f frame) name() string { return fmt.Sprintf("%s/%d", f.qualified(), f.arity) }

func (f frame) call() string {
	args := make([]string, 0, len(f.args))
	for _, arg := range f.args {
		args = append(args, etf.String(arg))
	}
	return f.qualified() + "(" + strings.Join(args, ",") + ")"
}

func (f frame) where() string {
	if f.file == "" || f.line == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s, line %d)", f.file, f.line)
}
