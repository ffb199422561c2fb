package config

import (
	"fmt"
	"strconv"
	"time"
)

// number makes a reader of a whole number in lowest–highest.
func number(lowest, highest int, field func(c *Config) *int) func(*reader, value) {
	return func(r *reader, v value) {
		n, err := strconv.Atoi(v.text)
		if err != nil || !digits(v.text) || n < lowest || n > highest {
			r.problem(v.name, fmt.Sprintf("Expected a whole number, got: %s", v.text), "set %s to a number from %d to %d, or unset it", v.name, lowest, highest)
			return
		}
		*field(&r.c) = n
	}
}

// span is what a duration variable takes.
type span struct {
	unit            time.Duration // of a value without a unit
	lowest, highest time.Duration
}

// seconds is a span counted in seconds.
func seconds(lowest, highest time.Duration) span { return span{time.Second, lowest, highest} }

// duration makes a reader of a number of units, or of a number with a unit of
// its own as Go writes durations: 90, 90s, 1h30m.
func duration(s span, field func(c *Config) *time.Duration) func(*reader, value) {
	return func(r *reader, v value) {
		d, ok := s.parse(v.text)
		if !ok {
			r.problem(v.name, fmt.Sprintf("Expected a time, got: %s", v.text), "set %s to a time from %v to %v, such as %s (in %s) or %v, or unset it",
				v.name, s.lowest, s.highest, s.show(s.example()), s.unitName(), s.example())
			return
		}
		*field(&r.c) = d
	}
}

func (s span) parse(text string) (time.Duration, bool) {
	d, err := time.ParseDuration(text)
	if digits(text) && len(text) < 12 {
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		d = time.Duration(n) * s.unit
	}
	return d, err == nil && d >= s.lowest && d <= s.highest
}

func (s span) example() time.Duration { return min(30*s.unit, s.highest) }

func (s span) unitName() string {
	if s.unit == time.Millisecond {
		return "milliseconds"
	}
	return "seconds"
}

// show writes a duration as parse reads it.
func (s span) show(d time.Duration) string {
	if d%s.unit == 0 {
		return strconv.FormatInt(int64(d/s.unit), 10)
	}
	return d.String()
}
