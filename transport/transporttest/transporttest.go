// Package transporttest checks that a transport.Socket keeps the promises of the
// seam. A custom transport proves itself with one test:
//
//	func TestConformance(t *testing.T) {
//		transporttest.Run(t, func(t *testing.T) transporttest.Link {
//			a, b, err := mylink.Pair()
//			…
//			return transporttest.Link{A: a, B: b, ToB: a.Peer(), ToA: b.Peer()}
//		})
//	}
//
// Each failure quotes the promise that was broken, and the method that made it:
//
//	after Wake, Wait must return false (transport.Socket.Wait): A still waits after 20s
//
// No call may hang the test: one that does not return is a failure after 20 s.
package transporttest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A Link is two open sockets that reach each other. It loses nothing while it
// carries as little as these tests send: at most 64 datagrams under way.
type Link struct {
	// A and B are the two ends. The tests close them.
	A, B transport.Socket
	// ToB is the path by which A reaches B, ToA the other way round. Read of the
	// other end names them.
	ToB, ToA transport.Path
	// Nowhere is a path of A's that leads to nobody; zero if there is none.
	Nowhere transport.Path
	// Allocates says that a round trip may allocate memory.
	Allocates bool
	// End ends the path between A and B as an outage would, or a peer who leaves, while both sockets stay
	// open. Those of them that are a [transport.Mortal] have to tell. nil: neither is one.
	End func()
}

// patience is how long what must happen may take.
const patience = 20 * time.Second

// checks are the subtests. Without the first of them the others mean nothing.
var checks = []struct {
	name string
	test func(c *check)
}{
	{"RoundTrip", testRoundTrip},
	{"Sizes", testSizes},
	{"Batch", testBatch},
	{"SmallReads", testSmallReads},
	{"ReadNeverBlocks", testReadNeverBlocks},
	{"BytesBelongToTheReader", testBytesBelongToTheReader},
	{"WriteKeepsNothing", testWriteKeepsNothing},
	{"Received", testReceived},
	{"Nowhere", testNowhere},
	{"WaitTimesOut", testWaitTimesOut},
	{"WaitSeesArrival", testWaitSeesArrival},
	{"WakeEndsWait", testWakeEndsWait},
	{"WakeIsKeptOnce", testWakeIsKeptOnce},
	{"CloseEndsWait", testCloseEndsWait},
	{"ClosedSocket", testClosedSocket},
	{"OneOwner", testOneOwner},
	{"Endings", testEndings},
	{"LastWords", testStored},
	{"Rungs", testRungs},
	{"ManyGoroutines", testManyGoroutines},
	{"NoAllocations", testNoAllocations},
}

// Run checks the sockets that open returns, a fresh Link for each subtest. It stops at the first
// that shows the rest to be of no use: RoundTrip failed, a call did not return, or a field of the
// Link is missing.
func Run(t *testing.T, open func(t *testing.T) Link) {
	t.Helper()
	for i, one := range checks {
		useless := false
		ok := t.Run(one.name, func(t *testing.T) {
			l := open(t)
			if fault := l.fault(); fault != "" {
				useless = true
				t.Fatal(fault)
			}
			useless = newCheck(t, l, patience).run(one.test)
		})
		if left := len(checks) - i - 1; left > 0 && (useless || i == 0 && !ok) {
			t.Fatalf("mend this first: the %d checks after %s were not run", left, one.name)
		}
	}
}

// fault names a field that is missing.
func (l Link) fault() string {
	for _, end := range []struct {
		name   string
		socket transport.Socket
	}{{"A", l.A}, {"B", l.B}} {
		v := reflect.ValueOf(end.socket)
		if end.socket == nil || v.Kind() == reflect.Pointer && v.IsNil() {
			return fmt.Sprintf("Link.%s is nil: want an open socket", end.name)
		}
		if _, ok := end.socket.(transport.Mortal); ok && l.End == nil {
			return fmt.Sprintf("Link.End is nil: want a function that ends the path, since Link.%s is a transport.Mortal", end.name)
		}
	}
	switch (transport.Path{}) {
	case l.ToB:
		return "Link.ToB is zero: want the path by which A reaches B; a transport of one's own has transport.KindCustom"
	case l.ToA:
		return "Link.ToA is zero: want the path by which B reaches A; a transport of one's own has transport.KindCustom"
	}
	return ""
}
