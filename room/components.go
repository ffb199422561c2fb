package room

import (
	"context"
	"fmt"
)

// AddComponent implements ComponentService. This node has no components: it
// answers ErrComponentsDisabled for every type.
func (l *Local) AddComponent(ctx context.Context, id ID, cfg ComponentConfig) (Component, error) {
	if _, err := l.Get(ctx, id); err != nil {
		return Component{}, err
	}
	return Component{}, fmt.Errorf("add %s to room %s: %w", cfg.Type, id, ErrComponentsDisabled)
}

// DeleteComponent implements ComponentService.
func (l *Local) DeleteComponent(ctx context.Context, id ID, component string) error {
	return l.noComponent(ctx, id, component)
}

// Subscribe implements ComponentService.
func (l *Local) Subscribe(ctx context.Context, id ID, component string, _ []string) error {
	return l.noComponent(ctx, id, component)
}

// Dial implements ComponentService.
func (l *Local) Dial(ctx context.Context, id ID, component, _ string) error {
	return l.noComponent(ctx, id, component)
}

// EndCall implements ComponentService.
func (l *Local) EndCall(ctx context.Context, id ID, component string) error {
	return l.noComponent(ctx, id, component)
}

func (l *Local) noComponent(ctx context.Context, id ID, component string) error {
	if _, err := l.Get(ctx, id); err != nil {
		return err
	}
	return fmt.Errorf("component %s of room %s: %w", component, id, ErrComponentNotFound)
}
