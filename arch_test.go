// Package fjord_test checks the architecture: who imports whom, and the rules
// of the house that a compiler does not know. It parses the files itself: the
// answer of `go list` would be cached, and a new violation missed.
package fjord_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "github.com/fjord-media/fjord"
	maxLines = 600
)

// rule says what the packages of one folder may import of ours. Patterns are
// folders; "x/..." is x and everything below it.
type rule struct {
	folder string
	may    []string
}

// rules is the table of docs/architecture.md. The first match counts.
func rules() []rule {
	return []rule{
		{"cmd/...", []string{"..."}},
		{"config", nil},
		{"config/internal/...", []string{"config"}},
		{"epmd", []string{"internal/run", "internal/rawio"}},
		{"node/etf", nil},
		{"node/dist", []string{"node/etf", "internal/run", "internal/rawio"}},
		{"node/global", []string{"node", "node/etf", "internal/run"}},
		{"node/pg", []string{"node", "node/etf", "node/internal/feed", "internal/run"}},
		{"node/pubsub", []string{"node", "node/etf", "node/pg", "node/internal/feed", "internal/run"}},
		{"node/internal/feed", []string{"internal/run"}},
		{"node/internal/lab", []string{"node", "epmd", "internal/run"}}, // for tests
		{"node", []string{"node/etf", "node/dist", "epmd", "internal/run"}},
		{"cluster", []string{"node/...", "room", "internal/run", "internal/logx", "internal/actor"}},
		{"room", []string{"sfu/...", "internal/run", "internal/logx", "internal/actor"}},
		{"sfu/...", []string{"sfu/...", "internal/run", "internal/logx"}},
		{"http/...", []string{"http/...", "room", "proto/...", "internal/run", "internal/logx"}},
		{"proto/...", nil},
		{"internal/actor", []string{"internal/run"}},
		{"internal/actor/...", nil}, // build tools of the façade
		{"internal/run", nil},
		{"internal/rawio", nil},
		{"internal/logx", nil},
		{"internal/testkit/...", []string{"..."}},
		{"examples/...", []string{"node/...", "epmd"}},
	}
}

// foreign says which of our packages may import modules that must stay in
// their place.
func foreign() []rule {
	return []rule{
		{"ergo.services/ergo", []string{"internal/actor/..."}},
		{"go.uber.org/zap", []string{"internal/logx"}},
		{"github.com/gin-gonic/gin", []string{"http/..."}},
		{"github.com/pion", []string{"sfu/...", "internal/logx", "internal/testkit/..."}},
		{"github.com/miekg/dns", []string{"cluster", "internal/testkit/..."}},
	}
}

// matches reports whether folder is that of the pattern.
func matches(pattern, folder string) bool {
	if base, ok := strings.CutSuffix(pattern, "..."); ok {
		base = strings.TrimSuffix(base, "/")
		return base == "" || folder == base || strings.HasPrefix(folder, base+"/")
	}
	return folder == pattern
}

func anyMatches(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, folder) })
}

// file is one parsed Go file.
type file struct {
	path      string // slash-separated, from the root
	folder    string
	test      bool
	generated bool
	syntax    *ast.File
}

// TestArchitecture parses all Go files once and applies every rule to them.
func TestArchitecture(t *testing.T) {
	set, files := sources(t)
	for _, check := range []struct {
		name string
		run  func(t *testing.T, set *token.FileSet, files []file)
	}{
		{"imports follow the table", checkImports},
		{"every package has a doc comment", checkPackageDocs},
		{"no bare go statement", checkNoBareGo},
		{"Elixir's names stay in one place", checkElixirNames},
		{"files are short", checkFileLength},
		{"exported names are documented", checkExportedDocs},
	} {
		t.Run(check.name, func(t *testing.T) { check.run(t, set, files) })
	}
}

// sources parses all Go files of the repository.
func sources(t *testing.T) (*token.FileSet, []file) {
	t.Helper()
	set := token.NewFileSet()
	var files []file
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped(d.Name()) && name != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		syntax, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		slash := filepath.ToSlash(name)
		files = append(files, file{
			path: slash, folder: path.Dir(slash), test: strings.HasSuffix(slash, "_test.go"),
			generated: ast.IsGenerated(syntax), syntax: syntax,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go files found")
	}
	return set, files
}

// skipped folders hold no packages of ours.
func skipped(name string) bool {
	switch name {
	case "testdata", "vendor", "node_modules", "build", "bin":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

func imports(f file) []string {
	var list []string
	for _, spec := range f.syntax.Imports {
		if text, err := strconv.Unquote(spec.Path.Value); err == nil {
			list = append(list, text)
		}
	}
	return list
}

// checkImports applies the tables.
func checkImports(t *testing.T, _ *token.FileSet, files []file) {
	for _, f := range files {
		if f.folder == "." {
			continue // this test
		}
		at := slices.IndexFunc(rules(), func(r rule) bool { return matches(r.folder, f.folder) })
		if at < 0 {
			t.Errorf("%s: folder %s has no rule; add one to arch_test.go and docs/architecture.md", f.path, f.folder)
			continue
		}
		if f.test {
			continue // tests may import what they need
		}
		for _, imported := range imports(f) {
			checkOwn(t, f, rules()[at], imported)
			checkForeign(t, f, imported)
		}
	}
}

// checkOwn applies the table to an import of one of our packages.
func checkOwn(t *testing.T, f file, r rule, imported string) {
	t.Helper()
	folder, ours := strings.CutPrefix(imported, module+"/")
	if !ours {
		return
	}
	if !anyMatches(r.may, folder) {
		t.Errorf("%s imports %s; %s may import of ours: %s", f.path, folder, f.folder, orNothing(r.may))
	}
	forTests := anyMatches([]string{"internal/testkit/..."}, folder)
	if forTests && !anyMatches([]string{"cmd/...", "examples/...", "internal/testkit/..."}, f.folder) {
		t.Errorf("%s imports %s, which is for tests, cmd and examples", f.path, folder)
	}
	if matches("cmd/...", folder) {
		t.Errorf("%s imports %s; nobody imports cmd", f.path, folder)
	}
}

func checkForeign(t *testing.T, f file, imported string) {
	t.Helper()
	for _, r := range foreign() {
		if (imported == r.folder || strings.HasPrefix(imported, r.folder+"/")) && !anyMatches(r.may, f.folder) {
			t.Errorf("%s imports %s; only %s may", f.path, imported, orNothing(r.may))
		}
	}
}

func orNothing(patterns []string) string {
	if len(patterns) == 0 {
		return "nothing"
	}
	return strings.Join(patterns, ", ")
}

// checkPackageDocs: a reader of go doc learns what a package is for.
func checkPackageDocs(t *testing.T, _ *token.FileSet, files []file) {
	documented := map[string]bool{}
	for _, f := range files {
		if !f.test || f.folder == "." {
			documented[f.folder] = documented[f.folder] || f.syntax.Doc != nil
		}
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment (// Package … above a package clause)", folder)
		}
	}
}

// checkNoBareGo: goroutines have an owner and a name.
func checkNoBareGo(t *testing.T, set *token.FileSet, files []file) {
	for _, f := range files {
		if f.test || f.folder == "internal/run" || matches("examples/...", f.folder) {
			continue // examples show what any program can do
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if stmt, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s: bare go statement; start goroutines with run.Group", set.Position(stmt.Pos()))
			}
			return true
		})
	}
}

// checkElixirNames: only cluster/elixir*.go knows Elixir modules, but for those
// of Phoenix.PubSub.
func checkElixirNames(t *testing.T, set *token.FileSet, files []file) {
	names := regexp.MustCompile(`Elixir\.[A-Z]`)
	for _, f := range files {
		if f.test || matches("internal/testkit/...", f.folder) || strings.HasPrefix(f.path, "cluster/elixir") ||
			f.path == "node/pubsub/names.go" || f.path == "examples/chat/broadcast.go" {
			continue // tests play the other side
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && names.MatchString(lit.Value) {
				t.Errorf("%s: %s names an Elixir module; only cluster/elixir*.go and node/pubsub/names.go may", set.Position(lit.Pos()), lit.Value)
			}
			return true
		})
	}
}

// checkFileLength: one concept per file.
func checkFileLength(t *testing.T, set *token.FileSet, files []file) {
	for _, f := range files {
		if n := set.File(f.syntax.Pos()).LineCount(); n > maxLines && !f.generated {
			t.Errorf("%s has %d lines; the limit is %d", f.path, n, maxLines)
		}
	}
}

// checkExportedDocs: types, functions, methods, constants and variables.
func checkExportedDocs(t *testing.T, set *token.FileSet, files []file) {
	for _, f := range files {
		if f.test || f.generated || f.syntax.Name.Name == "main" {
			continue
		}
		for _, decl := range f.syntax.Decls {
			for _, name := range undocumented(decl) {
				t.Errorf("%s: exported %s has no doc comment", set.Position(name.Pos()), name.Name)
			}
		}
	}
}

// undocumented lists the exported names of a declaration that lack a comment.
func undocumented(decl ast.Decl) []*ast.Ident {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) && !selfEvident(d) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		return undocumentedSpecs(d)
	}
	return nil
}

func undocumentedSpecs(d *ast.GenDecl) []*ast.Ident {
	var list []*ast.Ident
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) && s.Comment == nil {
				list = append(list, s.Name)
			}
		case *ast.ValueSpec: // a comment on the group is enough
			for _, name := range s.Names {
				if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					list = append(list, name)
				}
			}
		}
	}
	return list
}

// exportedReceiver is false for methods of unexported types.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// selfEvident methods mean the same in every type.
func selfEvident(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return false
	}
	switch d.Name.Name {
	case "Error", "Unwrap", "String":
		return true
	}
	return false
}
