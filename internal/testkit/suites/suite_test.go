package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every test file behind a build tag belongs to a suite, or nobody would run it.
func TestEveryTaggedTestIsInASuite(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	tag := regexp.MustCompile(`(?m)^//go:build (interop|e2e|browser)$`)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "bin", "build", "node_modules", "testdata"}, d.Name()) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		m := tag.FindSubmatch(text)
		if m == nil {
			return nil
		}
		found++
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err == nil && !inASuite(string(m[1]), "./"+filepath.ToSlash(folder)) {
			t.Errorf("%s has the tag %s, but no suite with that tag runs its package", path, m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 10 {
		t.Errorf("only %d tagged files found", found)
	}
}

func inASuite(tag, folder string) bool {
	for _, s := range suites {
		for _, p := range s.packages {
			base, all := strings.CutSuffix(p, "/...")
			if s.tags == tag && (p == folder || all && (folder == base || strings.HasPrefix(folder, base+"/"))) {
				return true
			}
		}
	}
	return false
}
