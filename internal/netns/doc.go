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
// A wire between two hosts delays, loses and narrows what crosses it, whatever protocol that is
// ([Wire]):
//
//	w := n.Wire(server, "eth0", "10.1.0.1/24", phone, "wlan0", "10.1.0.2/24", simnet.WiFiBad(), seed)
//	heal := w.Cut(netns.Packet.UDP)
//
// All hosts are in one process: a socket stays in the namespace in which it was opened, whichever
// goroutine uses it. The package needs Linux, the ip command of iproute2, which .ci/deps
// installs, and for wires /dev/net/tun; where something is missing a test fails and says what. On other systems it is empty.
package netns
