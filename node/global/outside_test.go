package global

import (
	"testing"

	"github.com/fjord-media/fjord/node/etf"
)

// TestParseTable: a table of another shape must not pass for an empty one, since
// names that are not in it are dropped.
func TestParseTable(t *testing.T) {
	row := etf.Tuple{atom("name"), etf.Pid{Node: "b@h", ID: 1}, atom("method"), etf.MakeRef("b@h", 1, 2)}
	for name, test := range map[string]struct {
		table etf.Term
		rows  int
		ok    bool
	}{
		"empty":    {etf.List{}, 0, true},
		"one":      {etf.List{row}, 1, true},
		"no list":  {atom("undefined"), 0, false},
		"nothing":  {nil, 0, false},
		"wider":    {etf.List{row, append(etf.Tuple{}, append(row, atom("more"))...)}, 0, false},
		"narrower": {etf.List{row[:3]}, 0, false},
		"no pid":   {etf.List{etf.Tuple{atom("name"), atom("pid"), atom("method"), atom("monitor")}}, 0, false},
	} {
		if got, ok := parseTable(test.table); ok != test.ok || len(got) != test.rows {
			t.Errorf("%s: %v %v", name, got, ok)
		}
	}
}
