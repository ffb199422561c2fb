package elixir

import (
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

//go:embed double
var sources embed.FS

// program is the compiled double.
type program struct {
	release int               // of OTP that compiled it
	beams   map[string]string // by module, base64: for that release and later ones
	forms   map[string]string // abstract code, for any release
}

// compiled compiles the double, once per test process.
var compiled = sync.OnceValues(func() (*program, error) {
	dir, err := os.MkdirTemp("", "fjord-double")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, sources); err != nil {
		return nil, err
	}
	source, out := filepath.Join(dir, "double"), filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		return nil, err
	}
	cmd := exec.Command("elixir", filepath.Join(source, "compile.exs"), source, out)
	cmd.Env = append(os.Environ(), "LANG=C.UTF-8")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compile the Elixir double: %w\n%s", err, text)
	}
	return readProgram(os.DirFS(out))
})

func readProgram(out fs.FS) (*program, error) {
	p := &program{beams: map[string]string{}, forms: map[string]string{}}
	release, err := fs.ReadFile(out, "release")
	if err != nil {
		return nil, err
	}
	if p.release, err = strconv.Atoi(string(release)); err != nil {
		return nil, err
	}
	files, err := fs.Glob(out, "Elixir.*")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		b, err := fs.ReadFile(out, f)
		if err != nil {
			return nil, err
		}
		text := base64.StdEncoding.EncodeToString(b)
		if module, ok := strings.CutSuffix(f, ".beam"); ok {
			p.beams[module] = text
		} else if module, ok := strings.CutSuffix(f, ".forms"); ok {
			p.forms[module] = text
		}
	}
	return p, nil
}

// modules lists those that belong to a generation.
func (p *program) modules(d Dialect) []string {
	var list []string
	for module := range p.beams {
		if name := strings.TrimPrefix(module, "Elixir."); strings.HasPrefix(name, "Double") || d.has(name) {
			list = append(list, module)
		}
	}
	return list
}

// has says whether a module of the original exists in a generation.
func (d Dialect) has(module string) bool {
	switch d {
	case Fishjam:
		return module == "Fishjam.RoomService"
	case Main:
		return module == "Fishjam" || strings.HasPrefix(module, "Fishjam.Local.")
	case Jellyfish:
		return module == "Jellyfish.RoomService"
	}
	return false
}
