package logx

import (
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"
)

// pair is one piece of metadata with its flattened key: group.key.
type pair struct {
	key   string
	value any
}

// pairs flattens fields. Fishjam's three keys come first and in its order; the
// others keep theirs. Of two pairs with one key the later counts.
func pairs(fields []zapcore.Field) []pair {
	var list []pair
	prefix := ""
	for _, f := range fields {
		switch f.Type {
		case zapcore.SkipType:
		case zapcore.NamespaceType:
			prefix += f.Key + "."
		default:
			list = appendField(list, prefix, f)
		}
	}
	slices.SortStableFunc(list, func(a, b pair) int { return order(a.key) - order(b.key) })
	return list
}

// order is the place of a key: Fishjam prints exactly these three.
func order(key string) int {
	switch key {
	case "request_id":
		return 0
	case "room_id":
		return 1
	case "peer_id":
		return 2
	}
	return 3
}

func appendField(list []pair, prefix string, f zapcore.Field) []pair {
	if err, ok := f.Interface.(error); ok && f.Type == zapcore.ErrorType {
		return put(list, prefix+f.Key, errorText(err))
	}
	enc := zapcore.NewMapObjectEncoder()
	f.AddTo(enc)
	return appendMap(list, prefix, enc.Fields)
}

// appendMap adds the values of a map, sorted by key.
func appendMap(list []pair, prefix string, fields map[string]any) []pair {
	keys := make([]string, 0, len(fields))
	for key := range fields {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if group, ok := fields[key].(map[string]any); ok {
			list = appendMap(list, prefix+key+".", group)
			continue
		}
		list = put(list, prefix+key, simple(fields[key]))
	}
	return list
}

func put(list []pair, key string, value any) []pair {
	if i := slices.IndexFunc(list, func(p pair) bool { return p.key == key }); i >= 0 {
		list[i].value = value
		return list
	}
	return append(list, pair{key, value})
}

// simple is a value that prints well both as text and as JSON.
func simple(value any) any {
	switch v := value.(type) {
	case nil, bool, string, float32, float64,
		int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return v
	case time.Duration:
		return v.String()
	case time.Time:
		return v.UTC().Format(timestamp)
	case error:
		return errorText(v)
	case fmt.Stringer:
		return stringerText(v)
	case []byte:
		return fmt.Sprintf("%x", v)
	}
	return fmt.Sprint(value)
}

// errorText and stringerText survive methods that panic on nil receivers: a
// log call must never end the caller.
func errorText(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("<error that cannot be shown: %v>", v)
		}
	}()
	return err.Error()
}

func stringerText(s fmt.Stringer) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("<value that cannot be shown: %v>", v)
		}
	}()
	return s.String()
}
