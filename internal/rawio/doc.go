// Package rawio makes the system calls of sockets that never wait, as those of the
// runtime's poller, without telling the scheduler. Told of the first one after a
// pause, the scheduler wakes its monitor thread (sysmon): where a request is answered
// by one read and one write, that costs more than both.
//
// The monitor also interrupts goroutines that calculate for long. Who lets such code
// run after a read has to make an ordinary system call now and then.
package rawio
