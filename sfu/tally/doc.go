// Package tally counts what happens on the media path: in atomic counters of
// several shards, so that those who count do not wait for each other, and
// without allocating. Whoever asks gets the sum.
package tally
