package epmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"
)

// Variables of the environment that the program reads. The last one counts by
// its presence.
const (
	envPort    = "ERL_EPMD_PORT"
	envAddress = "ERL_EPMD_ADDRESS"
	envRelaxed = "ERL_EPMD_RELAXED_COMMAND_CHECK"
)

// program is one call of the epmd program.
type program struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	args           []string // as given

	port          uint16
	address       string
	debug         int
	daemon        bool
	silent        bool
	relaxed       bool
	packetTimeout time.Duration
	delayAccept   time.Duration
	delayWrite    time.Duration
	tool          func(*program) int // nil: serve
	stopped       string             // argument of -stop
}

// Main is the epmd program: it takes the arguments after the program's name
// and returns the exit status. Without -names, -kill or -stop it serves until
// it is killed, or, with -daemon, starts a process that does. The status is 0,
// too, when another EPMD has the port already.
//
// A program that offers this must call Main when it is called by the name epmd
// (the base name of its first argument): that is how the process of -daemon,
// and of Ensure with ModeAuto, is started.
func Main(args []string, stdout, stderr io.Writer, getenv func(string) string) int {
	p := &program{
		stdout: stdout, stderr: stderr, getenv: getenv, args: args,
		address:       getenv(envAddress),
		relaxed:       getenv(envRelaxed) != "",
		packetTimeout: DefaultPacketTimeout,
	}
	port, err := PortFromEnv(getenv)
	if err != nil {
		fmt.Fprintf(stderr, "epmd: %v\n", err)
		return 1
	}
	p.port = port
	if err := p.parse(args); err != nil {
		fmt.Fprintf(stderr, "epmd: %v\n\n%s", err, usage)
		return 1
	}
	switch {
	case p.tool != nil:
		return p.tool(p)
	case p.daemon && getenv(detachedEnv) == "":
		return p.startDetached()
	}
	return p.serve()
}

// serve listens and serves until the end.
func (p *program) serve() int {
	var log *slog.Logger
	if p.daemon {
		detach()
	} else {
		log = slog.New(newConsole(p.stderr, p.debug))
	}
	remember := rememberNames
	if p.debug > 0 {
		remember = rememberNamesDebug
	}
	server := NewServer(ServerOptions{
		PacketTimeout: p.packetTimeout,
		Relaxed:       p.relaxed,
		DelayAccept:   p.delayAccept,
		DelayWrite:    p.delayWrite,
		Remember:      remember,
		Logger:        log,
	})
	ctx := context.Background()
	if err := server.Listen(ctx, p.address, p.port); err != nil {
		return p.cannotListen(err)
	}
	if err := server.Serve(ctx); err != nil && !errors.Is(err, ErrKilled) {
		logger(log).Error("ended", "error", err)
		return 1
	}
	return 0
}

// cannotListen tells what is wrong. A port in use is what callers want: an
// EPMD runs.
func (p *program) cannotListen(err error) int {
	if errors.Is(err, ErrInUse) {
		if p.debug > 0 && !p.daemon {
			fmt.Fprintf(p.stderr, "epmd: %v: one is running already\n", err)
		}
		return 0
	}
	fmt.Fprintf(p.stderr, "epmd: %v\n", err)
	return 1
}

// startDetached is -daemon: it starts the process that serves and returns when
// that answers, or after some seconds anyway.
func (p *program) startDetached() int {
	if _, err := targets(p.address); err != nil {
		return p.cannotListen(err) // the process of its own could not say so
	}
	client := &Client{Port: p.port, Timeout: answerLimit}
	ctx, cancel := context.WithTimeout(context.Background(), daemonStart)
	defer cancel()
	if _, _, err := client.Names(ctx, netip.Addr{}); err == nil {
		return 0 // one is running already
	}
	pid, err := spawnDetached("", p.daemonArgs(), p.getenv)
	if err != nil {
		fmt.Fprintf(p.stderr, "epmd: cannot start a daemon: %v\n", err)
		return 1
	}
	started := daemon{pid: pid}
	for {
		if _, _, err := client.Names(ctx, netip.Addr{}); err == nil {
			return 0
		}
		if code, ended := started.reap(); ended {
			return code
		}
		if !sleep(ctx, daemonPoll) {
			return 0
		}
	}
}

// daemonArgs are the arguments of the process of its own: those given, after
// those that stand for the environment, which it does not get.
func (p *program) daemonArgs() []string {
	args := p.args
	if p.getenv(envPort) != "" {
		args = append([]string{"-port", fmt.Sprint(p.port)}, args...)
	}
	if list := p.getenv(envAddress); list != "" {
		args = append([]string{"-address", list}, args...)
	}
	return args
}
