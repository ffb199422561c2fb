package actor

import (
	"errors"
	"runtime/debug"

	"ergo.services/ergo/gen"
)

// process runs one Behaviour as an Ergo process.
type process struct {
	cell
	self     Self
	start    func() Behaviour // until Init has run
	code     Behaviour
	ergo     gen.Process
	why      error // the reason of the end, once known
	lateInit bool  // a failed Init is a crash after the start (restarts)
}

func (s *System) newProcess(start func() Behaviour) *process {
	p := &process{start: start}
	p.sys, p.self.p = s, p
	return p
}

// ProcessInit is Ergo's callback.
func (p *process) ProcessInit(e gen.Process, _ ...any) error {
	p.ergo = e
	if err := p.enter(e); err != nil {
		return err
	}
	err := p.protect(p.init)
	if err == nil {
		return nil
	}
	p.free()
	p.why = err
	if p.lateInit {
		return nil // Ergo runs the process once after its start: it ends then
	}
	return toErgo(err)
}

func (p *process) init() error {
	p.code, p.start = p.start(), nil
	if p.code == nil {
		return errors.New("no behaviour")
	}
	return p.code.Init(&p.self)
}

// ProcessRun is Ergo's callback: handle what is in the mailbox. An error is
// the end.
func (p *process) ProcessRun() error {
	err := p.run()
	if err != nil {
		p.awaitLink()
	}
	return err
}

func (p *process) run() error {
	if p.why != nil {
		return toErgo(p.why)
	}
	box := p.ergo.Mailbox()
	for p.ergo.State() == gen.ProcessStateRunning {
		m := nextMessage(&box)
		if m == nil {
			return nil
		}
		reason := p.handle(m)
		gen.ReleaseMailboxMessage(m)
		if reason != nil {
			return p.finish(reason)
		}
	}
	p.free()
	p.why = ErrKilled
	return gen.TerminateReasonKill
}

func nextMessage(box *gen.ProcessMailbox) *gen.MailboxMessage {
	for _, q := range [...]interface{ Pop() (any, bool) }{box.Urgent, box.System, box.Main} {
		if v, ok := q.Pop(); ok {
			m, _ := v.(*gen.MailboxMessage)
			return m
		}
	}
	return nil
}

func (p *process) handle(m *gen.MailboxMessage) error {
	switch m.Type {
	case gen.MailboxMessageTypeRegular:
		msg := m.Message
		return p.protect(func() error { return p.code.Handle(&p.self, msg) })
	case gen.MailboxMessageTypeExit:
		if exit, ok := m.Message.(gen.MessageExitPID); ok {
			return fromErgo(exit.Reason)
		}
	}
	return nil // Ergo's own calls, events and inspections: nobody sends them
}

// finish runs Terminate and frees the name, before anybody learns of the end.
func (p *process) finish(reason error) error {
	if err := p.protect(func() error { p.code.Terminate(&p.self, reason); return nil }); err != nil {
		p.sys.log.Error("actor panicked while it ended", "actor", PID{&p.cell}.label(), "reason", err)
	}
	p.free()
	p.why = reason
	return toErgo(reason)
}

// protect turns a panic of the actor's code into an error.
func (p *process) protect(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn()
}

// ProcessTerminate is Ergo's callback, also after Kill.
func (p *process) ProcessTerminate(reason error) {
	if p.why == nil {
		p.why = fromErgo(reason)
	}
	p.logEnd()
	p.code, p.start = nil, nil // a PID may outlive the actor for long
	p.end(p.why)
}

func (p *process) logEnd() {
	if !Crashed(p.why) || p.isIgnored() || p.sys.torn.Load() {
		return
	}
	name := PID{&p.cell}.label()
	var boom *PanicError
	if errors.As(p.why, &boom) {
		p.sys.log.Error("actor panicked", "actor", name, "panic", boom.Value, "stack", string(boom.Stack))
		return
	}
	p.sys.log.Warn("actor ended", "actor", name, "reason", p.why)
}
