package epmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/fjord-media/fjord/internal/run"
)

// Mode says where a node's EPMD comes from.
type Mode string

// The modes of Ensure.
const (
	// ModeAuto uses an EPMD that answers; else it starts one as a process of
	// its own, named epmd, that outlives the node, as BEAM nodes do.
	ModeAuto Mode = "auto"
	// ModeEmbedded serves inside this process whenever no other process has the
	// port: at once, or within two seconds after the other one ended.
	ModeEmbedded Mode = "embedded"
	// ModeExternal only uses an EPMD that somebody else runs.
	ModeExternal Mode = "external"
	// ModeOff does nothing: the node neither registers nor looks up.
	ModeOff Mode = "off"
)

// ParseMode checks a mode given as text. The empty text means ModeAuto.
func ParseMode(text string) (Mode, error) {
	switch m := Mode(text); m {
	case "":
		return ModeAuto, nil
	case ModeAuto, ModeEmbedded, ModeExternal, ModeOff:
		return m, nil
	}
	return "", fmt.Errorf("EPMD mode %q: must be auto, embedded, external or off", text)
}

// checkPause is the time between looks at the EPMD in use.
const checkPause = time.Second

// answerLimit is how long an EPMD of this host may take to show that it is one.
const answerLimit = 2 * time.Second

// EnsureOptions say which EPMD a node wants.
type EnsureOptions struct {
	// Mode is where the EPMD comes from; empty means ModeAuto.
	Mode Mode
	// Port is the EPMD port; 0 means 4369.
	Port uint16
	// Address is where an EPMD that is started listens, in the form of -address:
	// IP addresses separated by commas or spaces, always in addition to
	// 127.0.0.1 and ::1. Empty means all addresses of the host.
	Address string
	// Executable is what ModeAuto starts; empty means this program. Called as
	// "epmd" (the base name of its first argument) it must call Main.
	Executable string
	// Logger receives what happens; nil means nowhere.
	Logger *slog.Logger
}

// Mapper is the EPMD of this host as Ensure found or made it.
type Mapper struct {
	opts   EnsureOptions
	client *Client
	log    *slog.Logger
	warned sync.Once // about the port an EPMD reports
	embedded
	daemon
}

// Ensure makes sure that this host has an EPMD, in the way that the mode says,
// and returns when one answers. What it starts in this process ends with
// group. With ModeExternal it asks every second until one answers or ctx is
// done. Errors wrap ErrRefused, ErrTimeout or ErrProtocol (something else has
// the port).
func Ensure(ctx context.Context, group *run.Group, opts EnsureOptions) (*Mapper, error) {
	if opts.Port == 0 {
		opts.Port = DefaultPort
	}
	m := &Mapper{
		opts:   opts,
		client: &Client{Port: opts.Port, Timeout: answerLimit},
		log:    logger(opts.Logger),
	}
	if err := m.ensure(ctx, group); err != nil {
		return nil, fmt.Errorf("EPMD on port %d: %w", opts.Port, err)
	}
	return m, nil
}

func (m *Mapper) ensure(ctx context.Context, group *run.Group) error {
	mode, err := ParseMode(string(m.opts.Mode))
	if err != nil {
		return err
	}
	switch mode {
	case ModeEmbedded:
		return m.embed(ctx, group)
	case ModeExternal:
		return m.await(ctx)
	case ModeOff:
		return nil
	}
	return m.useOrStart(ctx, group)
}

// probe asks the EPMD of this host for its names, to see whether it is one.
func (m *Mapper) probe(ctx context.Context) error {
	port, _, err := m.client.Names(ctx, netip.Addr{})
	if err == nil && port != m.opts.Port {
		m.warned.Do(func() {
			m.log.Warn("EPMD reports another port than the one it answers on", "port", m.opts.Port, "reported", port)
		})
	}
	return err
}

// over says whether ctx has ended, or is about to as its deadline has come.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// await waits until an EPMD answers.
func (m *Mapper) await(ctx context.Context) error {
	told := false
	var last error // of a whole attempt: one that ctx cut short says nothing of the EPMD
	for {
		err := m.probe(ctx)
		if last == nil || !over(ctx) {
			last = err
		}
		if err == nil {
			m.log.Info("using the EPMD of this host", "port", m.opts.Port)
			return nil
		}
		if !told {
			told = true
			m.log.Warn("waiting for the EPMD of this host", "error", err)
		}
		if !sleep(ctx, checkPause) {
			return errors.Join(last, context.Cause(ctx))
		}
	}
}
