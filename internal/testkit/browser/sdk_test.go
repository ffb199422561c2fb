//go:build e2e

package browser

import (
	"testing"

	"github.com/fjord-media/fjord/internal/testkit"
)

// allSDKs are the names by which bridge.mjs knows the client SDKs, newest first.
func allSDKs() []string {
	return []string{"ts-client-0.5.0", "ts-client-sdk-0.4.0", "ts-client-sdk-0.2.2"}
}

// oldest says whether an SDK is the one without reconnecting, reasons of
// refusal and a queue of commands.
func oldest(sdk string) bool { return sdk == "ts-client-sdk-0.2.2" }

func soak() bool { return testkit.Soak() }

// eachSDK runs a test with the newest SDK, in the long form with all of them.
func eachSDK(t *testing.T, test func(t *testing.T, sdk string)) {
	sdks := allSDKs()[:1]
	if soak() {
		sdks = allSDKs()
	}
	for _, sdk := range sdks {
		t.Run(sdk, func(t *testing.T) { test(t, sdk) })
	}
}
