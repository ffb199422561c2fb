package node

import (
	"errors"
	"strings"
	"testing"
)

func TestParseName(t *testing.T) {
	for name, ok := range map[string]bool{
		"f1@localhost":                      true,
		"f1@127.0.0.1":                      true,
		"app@fdaa:0:1::2":                   true,
		"ä@größe":                           true,
		"":                                  false,
		"f1":                                false,
		"@host":                             false,
		"f1@":                               false,
		"a@b@c":                             false,
		"a b@host":                          false,
		"a@ho\x00st":                        false,
		"a@\xff":                            false,
		strings.Repeat("a", 250) + "@host":  true,
		strings.Repeat("a", 251) + "@host":  false,
		strings.Repeat("ä", 250) + "@host":  true,
		"f1@host.example.org":               true,
		"0f5ca-4f2@my-host_1.internal.test": true,
	} {
		n, err := ParseName(name)
		switch {
		case ok && err != nil:
			t.Errorf("%q: %v", name, err)
		case ok && n.String() != name:
			t.Errorf("%q became %q", name, n)
		case !ok && !errors.Is(err, ErrBadName):
			t.Errorf("%q: error %v, want ErrBadName", name, err)
		}
	}
}

func TestDialKinds(t *testing.T) {
	tests := []struct {
		name        string
		short, long bool // who may dial it
	}{
		{"a@host", true, false},
		{"a@localhost", true, false},
		{"a@host.example.org", false, true},
		{"a@127.0.0.1", false, true},
		{"a@::1", true, true}, // no dot, and an address
		{"a@fdaa:0:1::2", true, true},
	}
	for _, tt := range tests {
		n, err := ParseName(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, long := range []bool{false, true} {
			want := tt.short
			if long {
				want = tt.long
			}
			err := n.checkDial(long)
			if (err == nil) != want {
				t.Errorf("%s dialled with long=%v: %v", tt.name, long, err)
			}
			if err != nil && !errors.Is(err, ErrNameKind) {
				t.Errorf("%s: %v is not ErrNameKind", tt.name, err)
			}
		}
	}
}
