package transport

// keptBuffer is the size in bytes of the largest buffer that is kept for the
// next batch.
const keptBuffer = 128 << 10

// Batch collects protected packets for one client in one buffer, to be sent
// together. The zero value is ready; Begin comes first. It is the place where
// sends of many packets at once (sendmmsg, UDP_SEGMENT) will go.
type Batch struct {
	route  *Route
	buffer []byte
	ends   []int
}

// Begin empties the batch and aims it at a route.
func (b *Batch) Begin(r *Route) {
	b.route = r
	b.buffer, b.ends = b.buffer[:0], b.ends[:0]
}

// Len is the number of packets.
func (b *Batch) Len() int { return len(b.ends) }

// Open returns the buffer to append a packet to, with the route's headroom
// left free, and the offset at which the packet begins. At least n bytes can
// be appended without growing it.
func (b *Batch) Open(n int) (buffer []byte, from int) {
	room := b.route.headroom()
	if need := len(b.buffer) + room + n; need > cap(b.buffer) {
		grown := make([]byte, len(b.buffer), 2*need)
		copy(grown, b.buffer)
		b.buffer = grown
	}
	from = len(b.buffer) + room
	return b.buffer[:from], from
}

// Add takes the buffer of Open back with the packet behind it.
func (b *Batch) Add(buffer []byte) {
	b.buffer = buffer
	b.ends = append(b.ends, len(buffer))
}

// flush sends the packets one by one.
func (b *Batch) flush() {
	from := 0
	for _, end := range b.ends {
		b.route.send(b.buffer[from:end])
		from = end
	}
	b.ends, b.buffer = b.ends[:0], b.buffer[:0]
	if cap(b.buffer) > keptBuffer {
		b.buffer = nil
	}
}
