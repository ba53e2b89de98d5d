package tickwire_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/internal/gen/sample/game"
	"github.com/tickwire/tickwire/transport/mem"
)

// Moves carries what changed since the newest that a player is known to have. It is declared once.
var Moves = tickwire.NewChannel[delta.Encoded[uint16, game.Move, *game.Move]](
	tickwire.ChannelConfig{ID: 1, Name: "moves", Delivery: tickwire.Unreliable})

// A MoveSender is what the server keeps for each player, in Conn.Value; a MoveReceiver is his.
type (
	MoveSender   = delta.Sender[uint16, game.Move, *game.Move]
	MoveReceiver = delta.Receiver[uint16, game.Move, *game.Move]
)

// tellMoves sends a player what he does not have yet, in at most a datagram.
func tellMoves(c *tickwire.Conn, moves []game.Move) error {
	sender := c.Value.(*MoveSender)
	sender.Begin(nil, 1000)
	for i := range moves {
		if fits, err := sender.Put(uint16(i), &moves[i]); err != nil {
			return err
		} else if !fits {
			break // a game begins with these in the next tick
		}
	}
	b, err := sender.End()
	if err != nil || len(b) == 0 { // he has all of it
		return err
	}
	receipt, err := Moves.SendWith(c, b, tickwire.SendOptions{Receipt: true})
	if err == nil { // what was not sent need not be told: it goes the next time
		sender.Sent(receipt)
	}
	return err
}

// hearEvents gives each player a Sender, and tells it what became of its messages.
func hearEvents(srv *tickwire.Server) error {
	for ev := range srv.Events() {
		switch ev.Kind {
		case tickwire.Connected:
			sender, err := delta.NewSender[uint16, game.Move](delta.Config{Version: ev.Conn.SchemaVersion()})
			if err != nil {
				return err
			}
			ev.Conn.Value = sender
		case tickwire.Delivered: // receipts of other channels are passed over
			ev.Conn.Value.(*MoveSender).Delivered(ev.Receipt)
		case tickwire.Lost:
			ev.Conn.Value.(*MoveSender).Lost(ev.Receipt)
		}
	}
	return nil
}

// newMoveReceiver has what the server tells over one connection.
func newMoveReceiver(c *tickwire.Conn) *MoveReceiver {
	receiver, err := delta.NewReceiver[uint16, game.Move](delta.Config{Version: c.SchemaVersion()})
	if err != nil {
		log.Fatal(err)
	}
	return receiver
}

// hearMoves reads all messages that came: what was read is what later ones are told from.
func hearMoves(c *tickwire.Conn, receiver *MoveReceiver) {
	for b, err := range Moves.Receive(c) {
		if err != nil {
			log.Fatal(err)
		}
		for _, err := range receiver.Read(b) { // a game looks at each Change here
			if err != nil {
				log.Fatal(err)
			}
		}
	}
}

// A server tells its players what changed, by package delta; receipts tell it what they have. Here one
// loop drives both ends.
func Example_delta() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cfg := tickwire.Config{Channels: tickwire.Channels(Moves), Logger: slog.New(slog.DiscardHandler)}
	srv, player := deltaEnds(cfg)
	defer srv.Close()
	defer player.Close()
	var receiver *MoveReceiver
	moves := []game.Move{{Tick: 1}, {Tick: 1, Jumps: true}}
	for tick := range srv.Ticks(ctx, 60) {
		srv.Update(tick.Now)
		if err := hearEvents(srv); err != nil {
			log.Fatal(err)
		}
		for c := range srv.Conns() {
			if err := tellMoves(c, moves); err != nil {
				log.Fatal(err)
			}
		}
		srv.Flush(tick.Now)

		player.Update(tick.Now)
		for ev := range player.Events() {
			if ev.Kind == tickwire.Connected {
				receiver = newMoveReceiver(ev.Conn)
			}
		}
		for c := range player.Conns() {
			hearMoves(c, receiver)
		}
		player.Flush(tick.Now)
		if receiver == nil || receiver.Len() < len(moves) {
			continue
		}
		moves[0].X = 0.5 // from now on this is all that is told, until he has it
		if first, _ := receiver.Value(0); first.X == 0.5 {
			break
		}
	}
	for key := range uint16(2) {
		move, _ := receiver.Value(key)
		fmt.Printf("player %d: X %.2f, jumps %t\n", key, move.X, move.Jumps)
	}
	// Output:
	// player 0: X 0.50, jumps false
	// player 1: X 0.00, jumps true
}

// deltaEnds is a server and a player who joins it, in one process.
func deltaEnds(cfg tickwire.Config) (*tickwire.Server, *tickwire.Client) {
	socket, err := mem.Listen()
	if err != nil {
		log.Fatal(err)
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	if err != nil {
		log.Fatal(err)
	}
	mine, err := socket.Dial()
	if err != nil {
		log.Fatal(err)
	}
	player, err := tickwire.NewClient(tickwire.ClientConfig{Config: cfg}, mine)
	if err != nil {
		log.Fatal(err)
	}
	token, err := srv.DevToken(42)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := player.Connect(token); err != nil {
		log.Fatal(err)
	}
	return srv, player
}
