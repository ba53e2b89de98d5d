package tickwire

// SchemaVersion is the version in which typed messages are sent and read: the newest in which those of
// both ends have the same form. Channels see to it; a game asks if it wants to know whether the peer
// has a field. Before the Conn is open it is the newest of this end, as with a peer whose channels do
// not say what their messages look like, and with a plain one; 0 if those of this end do not.
func (c *Conn) SchemaVersion() int {
	c.lock()
	defer c.unlock()
	return c.version()
}

// version is SchemaVersion with the lock held.
func (c *Conn) version() int {
	if c.end != nil {
		return c.end.SchemaVersion()
	}
	return c.core.plan.SchemaVersion()
}

// versionRead is the version of the message that was taken last.
func (c *Conn) versionRead() int {
	if c.end != nil {
		return c.inbox().SchemaVersion()
	}
	return c.core.plan.SchemaVersion()
}
