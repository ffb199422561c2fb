package testkit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Command says what Start runs and where.
type Command struct {
	Name string   // for messages; default: the program's name
	Path string   // program
	Args []string // without the program
	Env  []string // KEY=value, beside PATH, HOME (a new folder) and LANG; nothing else is inherited
	Dir  string   // working folder; default: a new folder
	Host *Host    // the machine it runs on; nil: this one
}

// Process is a running program whose output is captured.
type Process struct {
	Name string
	Pid  int

	cmd    *exec.Cmd
	stdin  io.WriteCloser
	out    string        // file that takes standard output and standard error
	exited chan struct{} // closed once the program has been waited for
}

// Start starts a program. When the test ends it is stopped, and its output is
// shown if the test failed.
func Start(t testing.TB, c Command) *Process {
	t.Helper()
	p := &Process{Name: c.Name, exited: make(chan struct{})}
	p.cmd = c.cmd(t)
	if p.Name == "" {
		p.Name = c.Path
	}
	// A file, not a pipe: a daemon that keeps it open must not delay Wait.
	out, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p.out, p.cmd.Stdout, p.cmd.Stderr = out.Name(), out, out
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatalf("start %s: %v", p.Name, err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.Name, err)
	}
	p.Pid = p.cmd.Process.Pid
	beside("wait for "+p.Name, func() {
		_ = p.cmd.Wait()
		close(p.exited)
	})
	t.Cleanup(func() {
		p.Stop(t)
		if t.Failed() {
			t.Logf("---- output of %s ----\n%s", p.Name, p.Log())
		}
	})
	return p
}

// cmd builds the exec.Cmd; its process id will be that of the program itself,
// because ip-netns replaces itself by what it runs.
func (c Command) cmd(t testing.TB) *exec.Cmd {
	home := t.TempDir()
	path, args := c.Path, c.Args
	if c.Host != nil {
		args = append([]string{"netns", "exec", c.Host.netns, path}, args...)
		path = "ip"
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = c.Dir
	if cmd.Dir == "" {
		cmd.Dir = home
	}
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8"}, c.Env...)
	// A test process that is killed must not leave programs behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// Log returns everything written so far to standard output and standard error.
func (p *Process) Log() string {
	text, _ := os.ReadFile(p.out)
	return string(text)
}

// Matches returns all matches of an expression in the log.
func (p *Process) Matches(expr string) []string {
	return regexp.MustCompile(expr).FindAllString(p.Log(), -1)
}

// WaitLog waits until a line of the log matches the expression.
func (p *Process) WaitLog(t testing.TB, limit time.Duration, expr string) {
	t.Helper()
	re := regexp.MustCompile(expr)
	Within(t, limit, p.Name+" logs "+expr, func() bool { return re.MatchString(p.Log()) })
}

// Exited says whether the program has ended.
func (p *Process) Exited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// WaitExit waits for the end of the program and returns its exit code, -1
// when a signal ended it.
func (p *Process) WaitExit(t testing.TB, limit time.Duration) int {
	t.Helper()
	Within(t, limit, p.Name+" exits", p.Exited)
	return p.cmd.ProcessState.ExitCode()
}

// Signal sends a signal to the program. After SIGSTOP it waits until each thread
// has stopped: on a busy machine those that run may go on for a while.
func (p *Process) Signal(t testing.TB, sig os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("signal %v to %s: %v", sig, p.Name, err)
	}
	if sig == syscall.SIGSTOP {
		Within(t, 2*time.Second, p.Name+" is stopped", func() bool { return Stopped(p.Pid) })
	}
}

// Stopped says whether no thread of a process runs; true where that is not known.
func Stopped(pid int) bool {
	for _, text := range OfThreads(pid, "stat") {
		// The state follows the name, in which there may be anything.
		if _, rest, ok := strings.Cut(text[strings.LastIndexByte(text, ')')+1:], " "); ok && rest != "" && !strings.ContainsAny(rest[:1], "TtZX") {
			return false
		}
	}
	return true
}

// OfThreads reads a file of Linux's /proc (proc(5)) for each thread of a process;
// none where there is no such file.
func OfThreads(pid int, file string) (texts []string) {
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/%s", pid, file)) // the pattern is good
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil { // else the thread has ended
			texts = append(texts, string(text))
		}
	}
	return texts
}

// Kill ends the program at once and waits until it is gone.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	p.Signal(t, syscall.SIGKILL)
	Within(t, 2*time.Second, p.Name+" is killed", p.Exited)
}

// Stop asks the program to end (SIGTERM), and kills it if it has not after
// five seconds. It may be called for a program that has ended.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	if p.Exited() {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Process.Signal(syscall.SIGCONT)
	select {
	case <-p.exited:
	case <-time.After(5 * time.Second):
		t.Logf("%s did not end on SIGTERM within 5 s and is killed", p.Name)
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}
