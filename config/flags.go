package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
)

// flagValue is the flag of one variable; it keeps the text it is given.
type flagValue struct {
	into     map[string]string
	variable Variable
}

func (f flagValue) Set(text string) error { f.into[f.variable.Name] = text; return nil }
func (f flagValue) String() string        { return "" }
func (f flagValue) IsBoolFlag() bool      { return f.variable.Boolean }

func flagSet(into map[string]string) *flag.FlagSet {
	set := flag.NewFlagSet("fjord", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, v := range Variables() {
		set.Var(flagValue{into: into, variable: v}, v.Flag(), v.Doc)
	}
	return set
}

// parseFlags fills r.flags. It returns flag.ErrHelp when help is asked for;
// any other mistake becomes a problem.
func (r *reader) parseFlags(args []string) error {
	set := flagSet(r.flags)
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		r.problem("flags", err.Error()+".", "see the list of flags: fjord help serve")
		return nil
	}
	if set.NArg() > 0 {
		r.problem("flags", fmt.Sprintf("%q is no flag.", set.Arg(0)), "write a flag's value after an equals sign, such as --dist-enabled=true")
	}
	return nil
}

// WriteFlags lists the flags of the named variables, or of all when none is
// named: one line each, with the variable they override.
func WriteFlags(w io.Writer, names ...string) error {
	for _, v := range Variables() {
		if len(names) > 0 && !slices.Contains(names, v.Name) {
			continue
		}
		if _, err := fmt.Fprintf(w, "  --%-38s %s (default %s)\n", v.Flag()+"=<"+v.Type+">", v.Name, v.Default); err != nil {
			return err
		}
	}
	return nil
}
