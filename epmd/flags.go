package epmd

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// usage is printed for arguments that are not understood.
const usage = `Usage: epmd [-debug] [-address List] [-port No] [-daemon]
            [-relaxed_command_check] [-packet_timeout Seconds]
            [-delay_accept Seconds] [-delay_write Seconds]
       epmd [-port No] -names | -dump | -kill | -stop Name

The Erlang port mapper: tells nodes which port a node of this host listens on.

Serving
  -address List            listen on these IP addresses (comma-separated) and
                           on loopback; default: all (ERL_EPMD_ADDRESS)
  -port No                 port, default 4369 (ERL_EPMD_PORT)
  -daemon                  serve in a process of its own
  -relaxed_command_check   allow -kill while names are registered, and -stop
                           (ERL_EPMD_RELAXED_COMMAND_CHECK)
  -packet_timeout Seconds  close connections silent for so long, default 60
  -d, -debug               log what happens to standard error; remember only
                           5 unregistered names
  -delay_accept Seconds    wait before each new connection, for tests
  -delay_write Seconds     wait before each answer, for tests

Asking the epmd of this host
  -names                   list the registered names
  -dump                    list the registered and the remembered names
  -started                 exit status 0 when an epmd answers, else 1
  -kill                    end it
  -stop Name               unregister a name
`

// flag is one argument of the program: how many values it takes and what it
// does. A last flag must be the last argument.
type flag struct {
	names  []string
	values int
	last   bool
	set    func(p *program, value string) error
}

func flags() []flag {
	return []flag{
		{names: []string{"-d", "-debug"}, set: func(p *program, _ string) error { p.debug++; return nil }},
		{names: []string{"-daemon"}, set: func(p *program, _ string) error { p.daemon = true; return nil }},
		{names: []string{"-relaxed_command_check"}, set: func(p *program, _ string) error { p.relaxed = true; return nil }},
		{names: []string{"-address"}, values: 1, set: func(p *program, v string) error { p.address = v; return nil }},
		{names: []string{"-port"}, values: 1, set: func(p *program, v string) (err error) { p.port, err = parsePort(v); return err }},
		{names: []string{"-packet_timeout"}, values: 1, set: seconds(func(p *program, d time.Duration) { p.packetTimeout = d })},
		{names: []string{"-delay_accept"}, values: 1, set: seconds(func(p *program, d time.Duration) { p.delayAccept = d })},
		{names: []string{"-delay_write"}, values: 1, set: seconds(func(p *program, d time.Duration) { p.delayWrite = d })},
		{names: []string{"-names"}, last: true, set: tool((*program).namesTool)},
		{names: []string{"-dump"}, last: true, set: tool((*program).dumpTool)},
		{names: []string{"-started"}, last: true, set: func(p *program, _ string) error {
			p.silent, p.tool = true, (*program).namesTool
			return nil
		}},
		{names: []string{"-kill"}, last: true, set: tool((*program).killTool)},
		{names: []string{"-stop"}, values: 1, last: true, set: func(p *program, v string) error {
			p.stopped, p.tool = v, (*program).stopTool
			return nil
		}},
	}
}

func tool(run func(*program) int) func(*program, string) error {
	return func(p *program, _ string) error { p.tool = run; return nil }
}

// seconds takes a positive number of whole seconds.
func seconds(set func(*program, time.Duration)) func(*program, string) error {
	return func(p *program, value string) error {
		const most = math.MaxInt32
		n, err := strconv.Atoi(value)
		if err != nil || n <= 0 || n > most {
			return fmt.Errorf("%q is not a number of seconds", value)
		}
		set(p, time.Duration(n)*time.Second)
		return nil
	}
}

// parse reads the arguments from left to right.
func (p *program) parse(args []string) error {
	table := flags()
	for len(args) > 0 {
		i := slices.IndexFunc(table, func(f flag) bool { return slices.Contains(f.names, args[0]) })
		if i < 0 {
			return fmt.Errorf("unknown argument %q", args[0])
		}
		f, name := table[i], args[0]
		if len(args) < 1+f.values {
			return fmt.Errorf("%s needs a value", name)
		}
		value := ""
		if f.values == 1 {
			value = args[1]
		}
		args = args[1+f.values:]
		if f.last && len(args) > 0 {
			return fmt.Errorf("%s must be the last argument", name)
		}
		if err := f.set(p, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
