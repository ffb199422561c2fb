package feedback

import "time"

// ntpEpoch is the difference of the epochs of NTP and Unix in seconds.
const ntpEpoch = 2208988800

// NTP is a wall clock time as in sender reports: seconds since 1900, 32 bits
// of them fractions.
func NTP(t time.Time) uint64 {
	seconds, nanos := uint64(t.Unix()+ntpEpoch), uint64(t.Nanosecond())
	return seconds<<32 | nanos<<32/uint64(time.Second)
}
