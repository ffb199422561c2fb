// Package assets holds the files that the pages of the server consist of.
package assets

import (
	"embed"
	"io/fs"
)

//go:embed openapi.json docs.html start.js swagger dashboard
var files embed.FS

// Read is a file's content. Files whose names end in .gz are compressed with
// gzip. fs.ErrNotExist.
func Read(name string) ([]byte, error) { return fs.ReadFile(files, name) }
