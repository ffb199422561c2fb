package httpapi

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// inspect renders a JSON value as Elixir's string conversion does, because
// error texts echo values. What makes the original fail (objects, lists that
// are no text) is printed as compact JSON.
func inspect(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return inspectNumber(v)
	case []any:
		if text, ok := charlist(v); ok {
			return text
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(b)
}

func inspectNumber(n json.Number) string {
	if !strings.ContainsAny(string(n), ".eE") {
		return string(n)
	}
	f, err := n.Float64()
	if err != nil {
		return string(n)
	}
	return inspectFloat(f)
}

// inspectFloat prints the shortest digits that read back as f, in whichever of
// decimal and scientific notation is shorter, as Erlang does.
func inspectFloat(f float64) string {
	decimal := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(decimal, ".") {
		decimal += ".0"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	e, _ := strconv.Atoi(exponent)
	scientific := mantissa + "e" + strconv.Itoa(e)
	if len(decimal) <= len(scientific) && math.Abs(f) < 1<<53 {
		return decimal
	}
	return scientific
}

// charlist reads a list of code points and strings as text.
func charlist(list []any) (string, bool) {
	var b strings.Builder
	for _, v := range list {
		switch v := v.(type) {
		case string:
			b.WriteString(v)
		case json.Number:
			r, err := strconv.ParseInt(string(v), 10, 32)
			if err != nil || !utf8.ValidRune(rune(r)) {
				return "", false
			}
			b.WriteRune(rune(r))
		case []any:
			text, ok := charlist(v)
			if !ok {
				return "", false
			}
			b.WriteString(text)
		default:
			return "", false
		}
	}
	return b.String(), true
}
