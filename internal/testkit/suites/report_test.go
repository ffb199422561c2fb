package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	for name, c := range map[string]struct {
		events  string
		strict  bool
		leftOut []string
		times   []string
		want    string // end of what is printed
		code    int
	}{
		"all passed": {
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"hidden\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}`,
			strict: true, want: "ok  \tp\t0.1s\n\nok  \tp\t0.1s\n1 passed, 0 failed\n",
		},
		"one failed": {
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"shown\n"}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}`,
			want: "shown\nFAIL\tp\t0.1s\n\nFAIL\tp\t0.1s\n0 passed, 1 failed\n", code: 1,
		},
		"does not build": {
			events: `{"ImportPath":"p","Action":"build-output","Output":"p.go:1: bad\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p"}`,
			want: "p.go:1: bad\nFAIL\tp [build failed]\n\nFAIL\tp [build failed]\n0 passed, 1 failed\n", code: 1,
		},
		"times": {
			times: []string{"unit 2m3s", "all 2m4s"}, want: "\ntime: unit 2m3s, all 2m4s\n0 passed, 0 failed\n",
		},
		"skipped": {
			events: `{"Action":"skip","Package":"p","Test":"TestA"}`,
			want:   "\n0 passed, 0 failed, 1 skipped\n",
		},
		"skipped in CI": {
			events: `{"Action":"skip","Package":"p","Test":"TestA"}`, strict: true,
			want: "\nCI: nothing may be skipped or left out\n0 passed, 0 failed, 1 skipped\n", code: 1,
		},
		"left out": {
			leftOut: []string{"netns (needs root)"},
			want:    "\nnot run: netns (needs root)\n0 passed, 0 failed\n",
		},
		"left out in CI": {
			leftOut: []string{"netns (needs root)"}, strict: true,
			want: "\nnot run: netns (needs root)\nCI: nothing may be skipped or left out\n0 passed, 0 failed\n", code: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			r := &report{out: &out, leftOut: c.leftOut, times: c.times}
			outputs, failedIn := map[string][]string{}, map[string]bool{}
			for line := range strings.Lines(c.events) {
				r.handle(decode(t, line), outputs, failedIn)
			}
			if code := r.sum(c.strict); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if out.String() != c.want {
				t.Errorf("got  %q\nwant %q", out.String(), c.want)
			}
		})
	}
}

func decode(t *testing.T, line string) event {
	t.Helper()
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatal(err)
	}
	return e
}
