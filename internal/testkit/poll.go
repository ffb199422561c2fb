package testkit

import (
	"testing"
	"time"
)

// pollEvery is the pause between two looks at a condition.
const pollEvery = 20 * time.Millisecond

// Slack is how many times its limit a condition may take before Within gives
// up: the limits are those of a quiet machine, tests run on busy ones.
const Slack = 3

// Within polls cond until it is true and returns how long that took, which it
// also logs. The test fails when cond is still false after Slack times limit.
func Within(t testing.TB, limit time.Duration, what string, cond func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		if cond() {
			took := time.Since(start)
			t.Logf("%s: after %s (limit %s)", what, took.Round(time.Millisecond), limit)
			return took
		}
		if time.Since(start) > Slack*limit {
			t.Fatalf("%s: not within %s (%d times the limit)", what, Slack*limit, Slack)
		}
		time.Sleep(pollEvery)
	}
}

// During polls cond for the whole duration and fails the test as soon as it
// is false: for things that must not change.
func During(t testing.TB, d time.Duration, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * pollEvery) {
		if !cond() {
			t.Fatalf("%s: no longer true", what)
		}
	}
}
