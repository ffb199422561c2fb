package etf

import "fmt"

// String is a stop gap until format.go stands.
func String(t Term) string { return fmt.Sprintf("%v", t) }
