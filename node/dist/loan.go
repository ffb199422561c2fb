package dist

import "sync/atomic"

// Loan stands for the memory of a delivered signal's binaries. The zero Loan
// stands for none.
type Loan struct {
	lender *lender
	number uint64
}

// Return says that Deliver, once it has returned, leaves nothing behind that
// uses the binaries of the signal it was given: their memory is used for another
// message then. It is to be called before Deliver returns; afterwards it does
// nothing.
func (l Loan) Return() {
	if l.lender != nil {
		l.lender.returned.Store(l.number)
	}
}

// lender numbers the deliveries of which memory can be used again.
type lender struct {
	number   uint64        // of the delivery at hand; the reader's
	block    *block        // what it is made of; nil: not to be used again
	returned atomic.Uint64 // the last number that was returned
}

// lend begins a delivery.
func (l *lender) lend() { l.number++ }

// settle ends the delivery and tells what memory came back, nil for none.
func (l *lender) settle() *block {
	b := l.block
	l.block = nil
	if b == nil || l.returned.Load() != l.number {
		return nil
	}
	return b
}

// Loan is the memory of the signal being delivered: for Deliver to call.
func (l *Link) Loan() Loan {
	if l.lender.block == nil {
		return Loan{}
	}
	return Loan{lender: &l.lender, number: l.lender.number}
}
