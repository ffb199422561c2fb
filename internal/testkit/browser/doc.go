// Package browser holds the end-to-end suite of the media plane: the published
// client SDKs, unmodified, in a headless Chromium with fake devices, against
// real nodes. A test drives pages through bridge.mjs (Node, playwright-core);
// page.js is a peer's side. Its npm packages are those of package-lock.json,
// which make deps installs outside the repository.
//
// One SDK runs through everything; with FJORD_SOAK=1 all three do, and a
// meeting lasts three minutes. Cameras are small and slow: the browser shares
// the machine's cores with the server.
package browser
