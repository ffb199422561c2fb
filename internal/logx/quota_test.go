package logx

import "testing"

func TestQuota(t *testing.T) {
	var q Quota
	lines, last := 0, ""
	for range 10 * quotaLines {
		if ending, ok := q.Take(); ok {
			if last != "" {
				t.Fatal("a line after the last one")
			}
			lines, last = lines+1, ending
		}
	}
	if lines != quotaLines || last == "" {
		t.Errorf("%d lines, the last one %q", lines, last)
	}
}
