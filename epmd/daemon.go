package epmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/fjord-media/fjord/internal/run"
)

// programName is what the process of its own is called, so that pgrep, pidof
// and a BEAM's start script find it.
const programName = "epmd"

// detachedEnv marks, in the environment, a process that has been detached from
// its terminal and parent already.
const detachedEnv = "EPMD_DETACHED"

// errNoMain: EnsureOptions.Executable is no such program.
var errNoMain = errors.New("the program that was started as epmd does not call epmd.Main")

// Times of starting a process of its own.
const (
	daemonStart  = 5 * time.Second       // until it must answer
	daemonPoll   = 20 * time.Millisecond // between questions whether it does
	daemonCheck  = 2 * time.Second       // between later questions
	daemonSilent = 2                     // of those unanswered before another is started
)

// daemon is the process that ModeAuto started.
type daemon struct {
	pid int // 0: none, or it was reaped
}

// useOrStart is ModeAuto: use what answers, else start a process, and later
// start another if all EPMDs of the host are gone for some seconds.
func (m *Mapper) useOrStart(ctx context.Context, group *run.Group) error {
	err := m.probe(ctx)
	if errors.Is(err, ErrRefused) {
		err = m.startDaemon(ctx)
	} else if err == nil {
		m.log.Info("using the EPMD of this host", "port", m.opts.Port)
	}
	if err != nil {
		return err
	}
	group.Go("epmd watch", func(ctx context.Context) error {
		m.watchDaemon(ctx)
		return nil
	})
	return nil
}

// startDaemon starts the process and waits until it, or another one that was
// faster, answers.
func (m *Mapper) startDaemon(ctx context.Context) error {
	args := []string{"-daemon", "-port", strconv.Itoa(int(m.opts.Port))}
	if m.opts.Address != "" {
		args = append(args, "-address", m.opts.Address)
	}
	pid, err := spawnDetached(m.opts.Executable, args, os.Getenv)
	if err != nil {
		return fmt.Errorf("start epmd: %w", err)
	}
	m.pid = pid
	ctx, cancel := context.WithTimeout(ctx, daemonStart)
	defer cancel()
	for {
		err := m.probe(ctx)
		if err == nil {
			m.log.Info("started epmd as a process of its own", "port", m.opts.Port, "pid", pid)
			return nil
		}
		if code, ended := m.reap(); ended && code != 0 {
			return fmt.Errorf("start epmd: it ended with status %d: %w", code, err)
		}
		if !sleep(ctx, daemonPoll) {
			return fmt.Errorf("start epmd: %w", err)
		}
	}
}

// watchDaemon collects the process when it ended, and replaces a lost EPMD.
func (m *Mapper) watchDaemon(ctx context.Context) {
	silent := 0
	for sleep(ctx, daemonCheck) {
		m.reap()
		if !errors.Is(m.probe(ctx), ErrRefused) {
			silent = 0
			continue
		}
		if silent++; silent < daemonSilent {
			continue
		}
		m.log.Warn("the EPMD of this host is gone, starting another", "port", m.opts.Port)
		silent = 0
		if err := m.startDaemon(ctx); err != nil {
			m.log.Error("cannot start epmd", "error", err)
		}
	}
}

// reap collects the started process if it has ended, without waiting for it.
func (d *daemon) reap() (code int, ended bool) {
	if d.pid == 0 {
		return 0, false
	}
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(d.pid, &status, syscall.WNOHANG, nil)
	if err != nil || pid != d.pid {
		return 0, false
	}
	d.pid = 0
	if status.Signaled() {
		return 128 + int(status.Signal()), true
	}
	return status.ExitStatus(), true
}

// spawnDetached starts executable (empty: this program) as epmd with args: in a
// session of its own, in the root directory, with no input, output or files of
// ours, and with nothing of our environment but what epmd reads. A process that
// was started so itself starts none: a program that does not call Main would
// start itself for ever.
func spawnDetached(executable string, args []string, getenv func(string) string) (int, error) {
	if getenv(detachedEnv) != "" {
		return 0, errNoMain
	}
	if executable == "" {
		executable = self()
	}
	cmd := exec.Command(executable)
	cmd.Args = append([]string{programName}, args...)
	cmd.Dir = "/"
	cmd.Env = []string{detachedEnv + "=1"}
	for _, name := range []string{envRelaxed, "PATH", "TZ"} {
		if value := getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid := cmd.Process.Pid
	return pid, cmd.Process.Release()
}

// self is the path of this program. The link in /proc leads to it even when
// its file was moved, replaced or deleted.
func self() string {
	const link = "/proc/self/exe"
	if _, err := os.Stat(link); err == nil {
		return link
	}
	if path, err := os.Executable(); err == nil {
		return path
	}
	return os.Args[0] // without /proc: at least how we were called
}
