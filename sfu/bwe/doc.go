// Package bwe estimates how much a path to a subscriber can take, from the
// transport-wide feedback its client sends, and shares the estimate among the
// subscriber's tracks.
//
// The estimate is the smaller of two: one that watches how the spacing of
// packets grows on the way (a queue is filling), one that watches loss. Both
// follow "A Google Congestion Control Algorithm for Real-Time Communication"
// (draft-ietf-rmcat-gcc-02); feedback is that of
// draft-holmer-rmcat-transport-wide-cc-extensions-01. Padding that Probe asks
// for finds out whether more would fit than media needs at the moment.
//
// The package has no goroutines and reads no clock: all times are monotonic
// nanoseconds that the caller passes.
package bwe
