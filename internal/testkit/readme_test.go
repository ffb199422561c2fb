package testkit

import (
	"slices"
	"testing"
)

func TestSectionCommands(t *testing.T) {
	const text = `# Title

    outside

## One
Words.

    first --flag "x"    # why
    A=1 \
      B=2 second

### Two

    third
`
	for heading, want := range map[string][]string{
		"One": {`first --flag "x"`, `A=1 B=2 second`}, "Two": {"third"}, "Three": nil,
	} {
		if got := sectionCommands(text, heading); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", heading, got, want)
		}
	}
}

func TestREADME(t *testing.T) {
	if got := README(t, "One node"); got[0] != "fjord" {
		t.Errorf("%q", got)
	}
}
