package testkit

// ReachFrom is Reach for a node that host reaches (nil: this machine) and whose
// program is known.
func ReachFrom(host *Host, url string, program *Process) *Fjord {
	return &Fjord{Process: program, API: url, client: httpClient(host)}
}
