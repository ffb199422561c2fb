package logx

// quotaLines is how many lines a Quota lets through.
const quotaLines = 100

// Quota bounds how many lines one client can put into the log by what it sends
// wrong. The zero value is full. It is not safe for concurrent use.
type Quota struct{ used int }

// Take says whether one more line may be written, and what to add to its end: the
// last one says that no more follow.
func (q *Quota) Take() (ending string, ok bool) {
	if q.used == quotaLines {
		return "", false
	}
	q.used++
	if q.used == quotaLines {
		return " (the last such line of this client)", true
	}
	return "", true
}
