package cluster

import (
	"strings"
)

// splitName cuts a node name at its @.
func splitName(name string) (alive, host string) {
	alive, host, _ = strings.Cut(name, "@")
	return alive, host
}
