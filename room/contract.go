package room

import (
	"context"
	"log/slog"

	"github.com/fjord-media/fjord/internal/actor"
)

// ---- CONTRACT (the owner of room replaces this file) ----

// LocalOptions configure the rooms of this node.
type LocalOptions struct {
	Address string // FJ_HOST
	System  *actor.System
	Logger  *slog.Logger
	// Parent is the supervisor under which the room supervisor was declared.
	Events func(Event) // called in order for each event of a room; must not block
}

// Event is a server notification as a Go value (RoomCreated, RoomDeleted, RoomCrashed for now).
type Event interface{ event() }

// Local is the rooms of this node; it implements Service.
type Local struct{}

// NewLocal makes it. SupervisorSpec is to be put in the application's tree before use.
func NewLocal(opts LocalOptions) *Local { panic("stub") }

// SupervisorSpec is the room supervisor (dynamic, temporary children).
func (l *Local) SupervisorSpec() actor.Spec { panic("stub") }

func (l *Local) Create(ctx context.Context, cfg Config) (Created, error) { panic("stub") }
func (l *Local) Get(ctx context.Context, id ID) (Room, error)            { panic("stub") }
func (l *Local) List(ctx context.Context) ([]Room, error)                { panic("stub") }
func (l *Local) Delete(ctx context.Context, id ID) error                 { panic("stub") }

// Has says whether the room lives here, without asking its actor.
func (l *Local) Has(id ID) bool { panic("stub") }

// Usage reads counters; it costs the same whatever the number of rooms.
func (l *Local) Usage() Usage { panic("stub") }

// NewID makes a UUID v4.
func NewID() ID { panic("stub") }
