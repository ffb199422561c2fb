package epmd

import (
	"encoding/binary"
	"time"
)

// alive registers a name and keeps it until something happens on the
// connection. A refused client keeps its connection, too, as with the original.
func (c *session) alive(e Entry) {
	r := c.names.register(e, c.conn)
	if r == nil {
		c.refuse(KindAlive, "name invalid or taken: "+e.Name)
		if c.write(appendAliveReply(nil, e.High, resultRefused, refusedCreation)) == nil {
			c.waitForEnd()
		}
		return
	}
	// The name must be free again when the connection is closed, and also when
	// it was reset before the answer could be written.
	defer c.unregister(r)
	c.log.Debug("registered", "name", r.Name, "port", r.Port, "creation", r.creation())
	if c.write(appendAliveReply(nil, e.High, resultOK, r.creation())) == nil {
		c.waitForEnd()
	}
}

func (c *session) unregister(r *registration) {
	c.names.unregister(r)
	c.log.Debug("unregistered", "name", r.Name, "port", r.Port)
}

// waitForEnd returns when the client closes the connection or sends anything.
func (c *session) waitForEnd() {
	if c.conn.SetReadDeadline(time.Time{}) == nil {
		_, _ = c.conn.Read(make([]byte, 1)) // both outcomes mean the end
	}
}

func (c *session) lookup(name string) {
	var room [64]byte
	_ = c.write(appendPortReply(room[:0], c.names.find(name))) // logged there
}

// portHeader is the start of the answers to NAMES and DUMP. Clients compare it
// with the port they asked at.
func (c *session) portHeader() []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(c.Port()))
}

func (c *session) list() {
	b := c.portHeader()
	c.names.each(func(e NameEntry, _ int) { b = appendNameLine(b, e) }, nil)
	_ = c.write(b) // logged there
}

func (c *session) dump() {
	b := c.portHeader()
	c.names.each(
		func(e NameEntry, fd int) { b = appendActiveLine(b, e, fd) },
		func(e NameEntry, fd int) { b = appendOldLine(b, e, fd) },
	)
	_ = c.write(b) // logged there
}

// killServer ends the server unless nodes would lose their registration.
func (c *session) killServer() {
	if active, _ := c.names.counts(); active > 0 && !c.opts.Relaxed {
		c.refuse(KindKill, "names are registered")
		_ = c.write([]byte(replyLiving)) // logged there
		return
	}
	c.condemn()                      // before anybody can know, however the server ends then
	_ = c.write([]byte(replyKilled)) // logged there
	_ = c.conn.Close()               // the answer leaves before the sockets close
	c.log.Debug("killed by a request")
	_ = c.Server.Close() // always nil
}

// stopName unregisters somebody's name by closing the connection that holds it.
func (c *session) stopName(name string) {
	if !c.opts.Relaxed {
		c.refuse(KindStop, "relaxed command check is off")
		return
	}
	conn := c.names.stop(name)
	if conn == nil {
		_ = c.write([]byte(replyUnknown)) // logged there
		return
	}
	_ = conn.Close() // its goroutine ends by this
	_ = c.write([]byte(replyStopped))
}
