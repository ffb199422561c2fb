package main

// runConfig checks the configuration and prints what is in effect.
func runConfig(c call) int {
	cfg, notes, status, ok := load(c, "config", c.args)
	if !ok {
		return status
	}
	printNotes(c, notes)
	if err := cfg.Print(c.stdout); err != nil {
		return exitFailure
	}
	return exitOK
}
