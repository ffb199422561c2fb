package testkit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// README returns the commands of one section of README.md as they stand there:
// the lines of its indented blocks, without comments at their end, those that
// end in a backslash joined with the next. A section that has no commands
// fails the test.
func README(t testing.TB, heading string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := sectionCommands(string(text), heading)
	if len(commands) == 0 {
		t.Fatalf("README.md has no commands under %q", heading)
	}
	return commands
}

func sectionCommands(text, heading string) []string {
	var commands []string
	inside, joined := false, ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "#") {
			inside = strings.TrimLeft(line, "# ") == heading
			continue
		}
		code, indented := strings.CutPrefix(line, "    ")
		if !inside || !indented {
			continue
		}
		code, _, _ = strings.Cut(code, "   #")
		if rest, more := strings.CutSuffix(code, `\`); more {
			joined += strings.TrimLeft(rest, " ")
			continue
		}
		commands = append(commands, strings.TrimRight(joined+strings.TrimLeft(code, " "), " "))
		joined = ""
	}
	return commands
}

// Shell starts a command line as a user types it, with the binary under test
// as fjord on the PATH. The process is that of the command (of a pipeline's
// shell), so that signals reach it.
func Shell(t testing.TB, host *Host, line string) *Process {
	t.Helper()
	return Start(t, Command{Name: line, Path: "sh", Args: []string{"-c", "exec env " + line}, Host: host, Env: []string{
		"PATH=" + binDir(t) + ":" + os.Getenv("PATH"),
	}})
}

// binDir is a folder in which the binary under test is called fjord.
func binDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(Binary(t), filepath.Join(dir, "fjord")); err != nil {
		t.Fatal(err)
	}
	return dir
}
