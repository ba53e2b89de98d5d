package swarm

import (
	"testing"

	"github.com/tickwire/tickwire/internal/node"
)

// A tsPeer is the endpoint in TypeScript.
type tsPeer struct{ *node.Program }

func newTSPeer(t *testing.T) tsPeer {
	t.Helper()
	return tsPeer{node.Start(t, "../../ts", "testdata/peer.ts")}
}

type tsChannel struct {
	ID       int    `json:"id"`
	Delivery int    `json:"delivery"`
	Name     string `json:"name"`
	Window   int    `json:"windowBytes"`
	Priority int    `json:"priority"`
}

type tsPacket struct {
	Path   uint8  `json:"path"`
	Route  int    `json:"route"`
	Number uint64 `json:"number"`
	Frames string `json:"frames"`
}

type tsSend struct {
	Channel   int    `json:"channel"`
	Bytes     string `json:"bytes"`
	Receipt   bool   `json:"receipt"`
	TTL       int64  `json:"ttl"`
	Key       string `json:"key"`
	Group     uint32 `json:"group"`
	Droppable bool   `json:"droppable"`
}

type tsBegin struct {
	Seed     uint64      `json:"seed"`
	Channels []tsChannel `json:"channels"`
	Reliable bool        `json:"reliable"`
}

type tsOpen struct {
	Route int    `json:"route"`
	Use   string `json:"use"`
}

type tsAsk struct {
	Now     int64      `json:"now"` // microseconds
	Begin   *tsBegin   `json:"begin,omitempty"`
	Hello   string     `json:"hello,omitempty"`
	Packets []tsPacket `json:"packets,omitempty"`
	Sends   []tsSend   `json:"sends,omitempty"`
	Take    bool       `json:"take,omitempty"`
	Close   *int       `json:"close,omitempty"`
	Drain   *int       `json:"drain,omitempty"`
	Hold    *int64     `json:"hold,omitempty"` // microseconds
	Open    *tsOpen    `json:"open,omitempty"`
	Died    *int       `json:"died,omitempty"`
}

type tsAnswer struct {
	Hello    string     `json:"hello"`
	Refused  any        `json:"refused"`
	Receipts []int64    `json:"receipts"`
	Packets  []tsPacket `json:"packets"`
	Messages []struct {
		Channel int    `json:"channel"`
		Bytes   string `json:"bytes"`
	} `json:"messages"`
	Events []struct {
		Kind        string `json:"kind"`
		Receipt     int64  `json:"receipt"`
		Why         string `json:"why"`
		Code        uint32 `json:"code"`
		Text        string `json:"text"`
		Remote      bool   `json:"remote"`
		Undelivered int    `json:"undelivered"`
		Path        int    `json:"path"`
		State       string `json:"pathState"`
	} `json:"events"`
	Deadline int64 `json:"deadline"`
	Drained  bool  `json:"drained"`
	Done     bool  `json:"done"`
}

func (p tsPeer) ask(a *tsAsk) *tsAnswer {
	answer := new(tsAnswer)
	p.Ask(a, answer)
	return answer
}
