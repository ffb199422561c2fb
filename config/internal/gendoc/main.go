// Command gendoc writes docs/config.md and the table of variables in README.md
// from the table in package config. Its argument is the repository's root.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fjord-media/fjord/config"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := generate(root); err != nil {
		fmt.Fprintln(os.Stderr, "gendoc:", err)
		os.Exit(1)
	}
}

func generate(root string) error {
	if err := os.WriteFile(filepath.Join(root, "docs", "config.md"), []byte(config.Markdown()), 0o644); err != nil {
		return err
	}
	path := filepath.Join(root, "README.md")
	readme, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	text, ok := config.ReplaceTable(string(readme))
	if !ok {
		return fmt.Errorf("%s lacks the lines %q and %q", path, config.MarkBegin, config.MarkEnd)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
