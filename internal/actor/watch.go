package actor

// Watch has fn called once with the reason when pid ends, after its Terminate
// and after its name is free. All fns run one after the other in one actor,
// those of one watched actor in the order of the Watch calls; fn must not
// block. ErrNoActor, and fn is never called, when pid has already ended.
func (s *System) Watch(pid PID, fn func(reason error)) error {
	if pid.c == nil {
		return ErrNoActor
	}
	pid.c.mu.Lock()
	defer pid.c.mu.Unlock()
	if pid.c.ended {
		return ErrNoActor
	}
	pid.c.watchers = append(pid.c.watchers, fn)
	return nil
}

// ended tells the watcher actor whom to call.
type ended struct {
	fns    []func(error)
	reason error
}

func (s *System) tellWatchers(fns []func(error), reason error) {
	if err := s.Send(s.watcher, ended{fns, reason}); err != nil && !s.torn.Load() {
		s.log.Error("watchers of an actor were not told of its end", "error", err)
	}
}

// watcher is the actor in which all Watch functions run.
type watcher struct{}

func (watcher) Init(*Self) error       { return nil }
func (watcher) Terminate(*Self, error) {}

func (watcher) Handle(self *Self, msg any) error {
	switch m := msg.(type) {
	case ended:
		for _, fn := range m.fns {
			err := self.p.protect(func() error { fn(m.reason); return nil })
			if err != nil {
				self.p.sys.log.Error("watch function panicked", "reason", err)
			}
		}
	case *Request: // Stop waits for all that was sent before
		m.Reply(nil, nil)
	}
	return nil
}
