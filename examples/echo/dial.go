package main

import (
	"context"
	"time"
)

// Pauses between two attempts to reach a node of the list; they double.
const (
	firstPause = time.Second
	lastPause  = 8 * time.Second
)

// keepDialling makes the link to a node whenever there is none: BEAM nodes do
// not. A node that asked us to leave it (see package global) is left alone for a
// pause.
func (a *app) keepDialling(ctx context.Context, name string) {
	for pause := firstPause; ; {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		if _, err := a.node.Connect(ctx, name); err != nil {
			pause = min(2*pause, lastPause)
		} else {
			pause = firstPause
		}
	}
}
