package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrepare(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // a second run starts afresh
		if err := prepare(root); err != nil {
			t.Fatal(err)
		}
	}
	mod, _ := os.ReadFile(filepath.Join(root, "race.mod"))
	if !strings.Contains(string(mod), "replace ergo.services/ergo => ./build/ergo\n") {
		t.Error("race.mod does not use the copy")
	}
	for _, e := range edits() {
		text, err := os.ReadFile(filepath.Join(root, copyTo, e.file))
		if err != nil || !strings.Contains(string(text), e.new) {
			t.Errorf("%s is not mended: %v", e.file, err)
		}
	}
	if err := (edit{"node/cron.go", "no such text", ""}).apply(filepath.Join(root, copyTo)); err == nil {
		t.Error("a missing text is no error")
	}
}

func TestPrepareNeedsTheReplaceLine(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writeModFiles(root); err == nil {
		t.Error("no error")
	}
}
