package cluster

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Those tests that are marked so wait more than they compute.
	_ = flag.Set("test.parallel", "8") // the flag is there
	goleak.VerifyTestMain(m)
}
