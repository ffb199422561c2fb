package dist

// maxIdleFifo is the room an empty fifo keeps.
const maxIdleFifo = 1024

// fifo is a queue of messages whose memory is used again.
type fifo struct {
	list []*message
	head int
}

func (f *fifo) len() int { return len(f.list) - f.head }

func (f *fifo) push(m *message) {
	if f.head > 32 && f.head > len(f.list)/2 {
		n := copy(f.list, f.list[f.head:])
		clear(f.list[n:])
		f.list, f.head = f.list[:n], 0
	}
	f.list = append(f.list, m)
}

// pop takes the first message, nil if there is none.
func (f *fifo) pop() *message {
	if f.len() == 0 {
		return nil
	}
	m := f.list[f.head]
	f.list[f.head] = nil
	if f.head++; f.head == len(f.list) {
		f.list, f.head = f.list[:0], 0
		if cap(f.list) > maxIdleFifo {
			f.list = nil
		}
	}
	return m
}

// budget is bytes of which some wait until they are fewer.
type budget struct {
	bytes int
	room  chan struct{} // closed when bytes falls to half the limit; nil: nobody waits
}

// wait gives a channel that is closed once there is room.
func (b *budget) wait() <-chan struct{} {
	if b.room == nil {
		b.room = make(chan struct{})
	}
	return b.room
}

// release takes n bytes off and wakes who waits. They wait for half the limit, as
// behind the BEAM's busy port: woken for each message that is written they would
// cost the writer more than the messages.
func (b *budget) release(n, limit int) {
	if b.bytes -= n; b.bytes <= limit/2 && b.room != nil {
		close(b.room)
		b.room = nil
	}
}
