package httpapi

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// componentRule says what a type of component asks for.
type componentRule struct {
	name    string
	h264    bool // of the room
	single  bool // at most one in a room
	options []option
}

// option is one option of a component. Unknown ones are ignored.
type option struct {
	name     string
	required bool
	nullable bool
	initial  any
	check    func(v any) (any, bool)
}

func componentRules(kind any) (componentRule, bool) {
	for _, rule := range allComponentRules() {
		if kind == any(rule.name) {
			return rule, true
		}
	}
	return componentRule{}, false
}

func allComponentRules() []componentRule {
	mode := option{name: "subscribeMode", initial: "auto", check: oneOf("auto", "manual")}
	return []componentRule{
		{name: "hls", h264: true, single: true, options: []option{
			{name: "lowLatency", initial: false, check: asBoolean},
			{name: "targetWindowDuration", nullable: true, check: atLeast(1)},
			{name: "persistent", initial: false, check: asBoolean},
			{name: "s3", nullable: true, check: s3Credentials}, mode,
		}},
		{name: "rtsp", h264: true, options: []option{
			{name: "sourceUri", required: true, check: asString},
			{name: "rtpPort", initial: 20000, check: port},
			{name: "reconnectDelay", initial: 15000, check: atLeast(0)},
			{name: "keepAliveInterval", initial: 15000, check: atLeast(0)},
			{name: "pierceNat", initial: true, check: asBoolean},
		}},
		{name: "file", options: []option{
			{name: "filePath", required: true, check: asString},
			{name: "framerate", nullable: true, check: atLeast(-1 << 31)},
		}},
		{name: "sip", options: []option{{name: "registrarCredentials", required: true, check: asObject}}},
		{name: "recording", h264: true, single: true, options: []option{
			{name: "pathPrefix", nullable: true, check: asString},
			{name: "credentials", nullable: true, check: s3Credentials}, mode,
		}},
	}
}

// read checks the options; fault is the answer's text.
func (c componentRule) read(p params) (options map[string]any, fault string) {
	given, ok := p.get("options")
	fields, isObject := given.(map[string]any)
	if ok && !isObject {
		return nil, invalidBody
	}
	options = map[string]any{}
	for _, o := range c.options {
		v, ok := fields[o.name]
		switch {
		case !ok && o.required:
			return nil, missingField(o.name)
		case !ok:
			options[o.name] = o.initial
		case v == nil && o.nullable:
			options[o.name] = nil
		default:
			if options[o.name], ok = o.check(v); !ok {
				return nil, invalidBody
			}
		}
	}
	if c.name == "sip" {
		return options, registrarFault(options)
	}
	return options, ""
}

func missingField(name string) string { return fmt.Sprintf("Required field %q missing", name) }

func registrarFault(options map[string]any) string {
	credentials, _ := options["registrarCredentials"].(map[string]any)
	for _, name := range []string{"address", "username", "password"} {
		v, ok := credentials[name]
		if !ok {
			return missingField(name)
		}
		if _, ok := v.(string); !ok {
			return invalidBody
		}
	}
	return ""
}

// boolean takes the words of booleans, too, as the original does.
func boolean(v any) (value, ok bool) {
	switch v {
	case true, "true":
		return true, true
	case false, "false":
		return false, true
	}
	return false, false
}

func asBoolean(v any) (any, bool) { return second(boolean(v)) }

func second[T any](v T, ok bool) (any, bool) { return v, ok }

func asString(v any) (any, bool) { return second(cast[string](v)) }

func asObject(v any) (any, bool) { return second(cast[map[string]any](v)) }

func cast[T any](v any) (T, bool) {
	t, ok := v.(T)
	return t, ok
}

// atLeast takes integers of at least least, round floats, and either as text.
func atLeast(least int) func(any) (any, bool) {
	return func(v any) (any, bool) {
		text, ok := v.(string)
		if n, isNumber := v.(json.Number); isNumber {
			text, ok = string(n), true
		}
		if !ok {
			return nil, false
		}
		if n, err := strconv.Atoi(text); err == nil {
			return n, n >= least
		}
		f, err := strconv.ParseFloat(text, 64)
		n := int(f)
		_, isNumber := v.(json.Number)
		return n, isNumber && err == nil && float64(n) == f && n >= least
	}
}

func port(v any) (any, bool) {
	n, ok := atLeast(1)(v)
	if !ok || n.(int) > 65535 {
		return nil, false
	}
	return n, true
}

func oneOf(words ...string) func(any) (any, bool) {
	return func(v any) (any, bool) {
		for _, word := range words {
			if v == any(word) {
				return word, true
			}
		}
		return nil, false
	}
}

func s3Credentials(v any) (any, bool) {
	fields, ok := v.(map[string]any)
	for _, name := range []string{"accessKeyId", "secretAccessKey", "region", "bucket"} {
		if _, isString := fields[name].(string); !isString {
			return nil, false
		}
	}
	return fields, ok
}
