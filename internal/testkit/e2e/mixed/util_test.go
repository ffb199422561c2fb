//go:build e2e

package mixed

import "strings"

// contains says whether a line has one of the words.
func contains(line string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(line, w) {
			return true
		}
	}
	return false
}
