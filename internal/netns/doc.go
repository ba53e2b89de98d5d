// Package netns lets a test play on network interfaces of its own: [Run] starts it again inside
// a user and a network namespace that nobody else sees, where it may make hosts, connect them by
// pairs of virtual Ethernet cards, take cards down and up, and change their addresses. Nothing
// outside changes, and nobody has to be root.
//
//	netns.Run(t, func(n *netns.Net) {
//		server, phone := n.Host("server"), n.Host("phone")
//		n.Pair(server, "eth0", "10.1.0.1/24", phone, "wlan0", "10.1.0.2/24")
//		socket := netns.Open(phone, func() (*udp.Socket, error) { return udp.Open() })
//		phone.Down("wlan0")
//	})
//
// All hosts are in one process: a socket stays in the namespace in which it was opened, whichever
// goroutine uses it. The package needs Linux and the ip command of iproute2, which .ci/deps
// installs; where something is missing a test fails and says what. On other systems it is empty.
package netns
