package cluster

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fjord-media/fjord/node/etf"
)

// jsonTerm turns a JSON value as encoding/json decodes it into what Elixir's
// JSON libraries make of the same text: maps with binary keys, nil, booleans.
func jsonTerm(v any) etf.Term {
	switch v := v.(type) {
	case nil:
		return atomNil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v)
		}
		return v
	case []any:
		list := make(etf.List, 0, len(v))
		for _, e := range v {
			list = append(list, jsonTerm(e))
		}
		return list
	case map[string]any:
		m := make(etf.Map, 0, len(v))
		for key, e := range v {
			m = append(m, etf.MapEntry{Key: []byte(key), Value: jsonTerm(e)})
		}
		return m
	case string:
		return []byte(v)
	case bool, int, int64:
		return v
	}
	return []byte(fmt.Sprint(v))
}

// termJSON is the way back. Terms that JSON cannot carry (pids, tuples) are nil.
func termJSON(t etf.Term) any {
	switch t := t.(type) {
	case etf.Atom:
		switch t {
		case "nil", "undefined":
			return nil
		case "true", "false":
			return t == "true"
		}
		return string(t)
	case int64:
		return float64(t)
	case *big.Int:
		f, _ := new(big.Float).SetInt(t).Float64()
		if math.IsInf(f, 0) {
			return nil
		}
		return f
	case float64:
		return t
	case []byte:
		return strings.ToValidUTF8(string(t), "\uFFFD")
	case etf.List:
		list := make([]any, 0, len(t))
		for _, e := range t {
			list = append(list, termJSON(e))
		}
		return list
	case etf.Map:
		return mapJSON(t)
	}
	return nil
}

func mapJSON(t etf.Map) any {
	m := make(map[string]any, len(t))
	for _, e := range t {
		switch key := e.Key.(type) {
		case []byte:
			m[strings.ToValidUTF8(string(key), "\uFFFD")] = termJSON(e.Value)
		case etf.Atom:
			m[string(key)] = termJSON(e.Value)
		}
	}
	return m
}

// snakeCase turns targetWindowDuration into target_window_duration.
func snakeCase(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// camelCase turns target_window_duration into targetWindowDuration.
func camelCase(s string) string {
	first, rest, _ := strings.Cut(s, "_")
	var b strings.Builder
	b.WriteString(first)
	for part := range strings.SplitSeq(rest, "_") {
		r, n := utf8.DecodeRuneInString(part)
		if n > 0 {
			b.WriteRune(unicode.ToUpper(r))
			b.WriteString(part[n:])
		}
	}
	return b.String()
}
