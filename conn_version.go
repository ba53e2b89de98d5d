package tickwire

// version is the schema version of what is sent to the peer. The lock is held.
func (c *Conn) version() int { return anyVersion - 1 }

// versionRead is that of the message that was taken last.
func (c *Conn) versionRead() int { return anyVersion - 1 }
