package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/fjord-media/fjord/node/etf"
)

// errValue: something that JSON or Erlang has and the other has not.
var errValue = errors.New("cannot be translated")

// maxDigits bounds the integers that are translated.
const maxDigits = 1000

// fromJSON makes the term that Elixir's JSON libraries make: strings are
// binaries, objects are maps with binary keys, null is nil.
func fromJSON(text []byte) (etf.Term, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: more than one value", errValue)
	}
	return termOf(v)
}

func termOf(v any) (etf.Term, error) {
	switch x := v.(type) {
	case nil:
		return etf.Atom("nil"), nil
	case bool:
		return etf.Bool(x), nil
	case string:
		return []byte(x), nil
	case json.Number:
		return numberOf(x)
	case []any:
		list := make(etf.List, 0, len(x))
		for _, element := range x {
			t, err := termOf(element)
			if err != nil {
				return nil, err
			}
			list = append(list, t)
		}
		return list, nil
	case map[string]any:
		m := make(etf.Map, 0, len(x))
		for key, value := range x {
			t, err := termOf(value)
			if err != nil {
				return nil, err
			}
			m = append(m, etf.MapEntry{Key: []byte(key), Value: t})
		}
		return m, nil
	}
	return nil, fmt.Errorf("%w: %T", errValue, v)
}

func numberOf(n json.Number) (etf.Term, error) {
	if i, err := n.Int64(); err == nil {
		return i, nil
	}
	if !strings.ContainsAny(n.String(), ".eE") && len(n) <= maxDigits {
		if big, ok := new(big.Int).SetString(n.String(), 10); ok {
			return big, nil
		}
	}
	f, err := n.Float64()
	return f, err
}

// toJSON is the way back; atoms become strings, and so do those that are keys.
func toJSON(t etf.Term) (json.RawMessage, error) {
	v, err := valueOf(t)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func valueOf(t etf.Term) (any, error) {
	switch x := t.(type) {
	case etf.Atom:
		return atomValue(x), nil
	case []byte:
		return string(x), nil
	case string, bool, int64, float64, *big.Int:
		return x, nil
	case etf.List:
		list := make([]any, 0, len(x))
		for _, element := range x {
			v, err := valueOf(element)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case etf.Map:
		return object(x)
	}
	return nil, fmt.Errorf("%w: %s", errValue, etf.String(t))
}

func atomValue(a etf.Atom) any {
	switch a {
	case "nil":
		return nil
	case "true", "false":
		return a == "true"
	}
	return string(a)
}

func object(m etf.Map) (any, error) {
	out := make(map[string]any, len(m))
	for _, entry := range m {
		key, ok := etf.AsString(entry.Key)
		if atom, isAtom := etf.AsAtom(entry.Key); isAtom {
			key, ok = string(atom), true
		}
		if !ok {
			return nil, fmt.Errorf("%w: key %s", errValue, etf.String(entry.Key))
		}
		v, err := valueOf(entry.Value)
		if err != nil {
			return nil, err
		}
		out[key] = v
	}
	return out, nil
}
