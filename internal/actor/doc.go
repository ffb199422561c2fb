// Package actor is a thin façade over Ergo: spawn, send, call, watch and
// supervise. It is the only importer of Ergo.
//
// An actor is one Behaviour with a mailbox; its callbacks never run at the
// same time. An idle actor holds no goroutine. Ergo carries the mailboxes, the
// registered names, the signals and the static supervisors. The façade adds
// what Ergo lacks or does in a way that does not suit a server:
//
//   - Call waits on a Go channel with the caller's context, because Ergo's
//     references repeat after 2^18; it fails at once when the actor dies.
//   - A panic keeps its text and its stack as the reason.
//   - Terminate runs and the registered name is free before anybody (a
//     supervisor, a watcher) learns of the end. Ergo tells a supervisor first,
//     which then may find the name taken and die of it.
//   - Watch and the dynamic supervisors use no Ergo links or monitors: Ergo
//     walks through all links of the node at every death, so that ending n
//     linked children costs n².
//   - No network, no signal handler, no cron jobs, no telemetry: Ergo's
//     StartNode adds an application that reports to its author's server every
//     five minutes; the façade starts the node without it.
//
// Do not start a System inside a testing/synctest bubble: Ergo keeps timers in
// a pool of the whole process, and one that was made in a bubble is fatal to
// the next spawn outside of it.
package actor
