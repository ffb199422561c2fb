package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fjord-media/fjord/http/assets"
)

// description is the part of an OpenAPI document that the tests need.
type description struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	OperationID string
	Parameters  []struct{ Name, In string }
	Responses   map[string]struct {
		Content map[string]struct{ Schema schema }
	}
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Nullable   bool
	Enum       []any
	Pattern    string
	Required   []string
	Properties map[string]schema
	Items      *schema
	OneOf      []schema
}

func readDescription(t *testing.T) description {
	t.Helper()
	b, err := assets.Read("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// check says what is wrong with a value; at is its place in the body.
func (d description) check(s schema, v any, at string) error {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		target, known := d.Components.Schemas[name]
		if !known {
			return fmt.Errorf("%s: no schema %s", at, name)
		}
		return d.check(target, v, at)
	}
	switch {
	case v == nil && s.Nullable:
		return nil
	case len(s.OneOf) > 0:
		return d.checkOneOf(s, v, at)
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, v):
		return fmt.Errorf("%s: %v is none of %v", at, v, s.Enum)
	}
	switch s.Type {
	case "":
		return nil
	case "object":
		return d.checkObject(s, v, at)
	case "array":
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%s: %v is no array", at, v)
		}
		for i, e := range list {
			if err := d.check(*s.Items, e, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	}
	return checkScalar(s, v, at)
}

func (d description) checkOneOf(s schema, v any, at string) error {
	for _, one := range s.OneOf {
		if d.check(one, v, at) == nil {
			return nil
		}
	}
	return fmt.Errorf("%s: %v fits no alternative", at, v)
}

func (d description) checkObject(s schema, v any, at string) error {
	object, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %v is no object", at, v)
	}
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			return fmt.Errorf("%s: no %s", at, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		property, known := s.Properties[name]
		if !known {
			if s.Properties != nil {
				return fmt.Errorf("%s: %s is not described", at, name)
			}
			continue
		}
		if err := d.check(property, object[name], at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func checkScalar(s schema, v any, at string) error {
	ok := false
	switch s.Type {
	case "string":
		text, isText := v.(string)
		ok = isText && (s.Pattern == "" || regexp.MustCompile(s.Pattern).MatchString(text))
	case "integer":
		n, isNumber := v.(float64)
		ok = isNumber && n == float64(int64(n))
	case "boolean":
		_, ok = v.(bool)
	}
	if !ok {
		return fmt.Errorf("%s: %v is no %s", at, v, s.Type)
	}
	return nil
}
