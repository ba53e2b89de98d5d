// Package endpoint is one end of a connection: channels with a guarantee each,
// acknowledgements, fragments, repair of losses, congestion control and credit, over anything
// that carries packets. It is symmetric: the two ends are alike.
//
// An Endpoint owns no socket, clock or goroutine. Time is a parameter, in nanoseconds of a
// monotonic clock that starts anywhere. What goes in:
//
//   - [Endpoint.Send], [Endpoint.SendDraft]: a message of the game
//   - [Endpoint.HandlePacket]: a packet of the peer
//   - [Endpoint.HandleTimeout]: time, not later than [Endpoint.Deadline]
//
// and what comes out:
//
//   - [Endpoint.NextPacket]: a packet for the peer, until there is none
//   - [Endpoint.Receive], [Endpoint.NextEvent]: messages and events, as of the last Update
//
// The owner of an endpoint can exchange messages of its own with the peer's owner, apart from the game's:
// [Endpoint.SendControl] and [Endpoint.ReceiveControl].
//
// All calls may come in any order; a call at the wrong time does nothing. The clock may jump
// ahead by any time. It should not go back: that breaks no promise, but
// delays what is due until the clock has caught up. An endpoint belongs to one goroutine at a
// time. The same calls with the same times and the same Config.Seed give
// the same packets.
//
// An Endpoint trusts that packets are authentic: package netcode sees to that. Used without
// it, a [Lone] endpoint puts the packet number in front of each packet and introduces itself
// to its peer by a HELLO frame.
//
// # What a message may ask for
//
// A channel's [Delivery] is its guarantee. [SendOptions] add what one message needs: a time
// after which it is of no use, a key among the values of a Latest channel, a group within which
// order does not matter, leave to drop it if it is lost. [ChannelConfig] says how channels share the path,
// what happens when a queue is full, and when a lost message is given up.
//
// # Building in place, and sending to many
//
// Send copies its payload into memory of the pool. A [Draft] is that memory: a message is
// written, or appends itself, where it will be sent from, and SendDraft puts it on a channel
// without a copy. A shared draft ([Draft.Share]) goes on the channels of many endpoints: it
// is in memory once, with a count of those that still need it. Each queue counts
// it in full, so that no limit depends on who else has it; [BufferStats] counts
// one buffer.
//
// The bookkeeping of a draft costs a few nanoseconds, as much as copying some hundred
// bytes: it pays for messages of a kilobyte and more, and for messages that would otherwise be
// assembled elsewhere first.
//
// # Paths
//
// A connection has one path at first, and may have up to eight: over Wi-Fi and a mobile network,
// say, or by a WebSocket beside UDP. [Endpoint.OpenPath] begins one, [PathConfig] says what it is
// for: to share the messages, to carry copies of them (the first to arrive counts), or to wait in
// reserve. A dead path is abandoned within three probe timeouts, and tried again later. Packet numbers,
// round trips, losses and congestion are those of a path ([PathStats]).
//
// The caller identifies the ways that datagrams take by small numbers, each a [Route]: an [Incoming]
// packet says by which one it came, an [Outgoing] one by which to send it. When the peer's packets come by
// another Route the endpoint checks there that it is the peer, and the path follows. [Endpoint.Uses] tells
// which Routes are still needed. A caller with only one way passes 0 and can ignore all of this, as a
// Lone does.
//
// # Repair
//
// What is lost is sent again a round trip later. Small messages of the reliable deliveries can be
// restored sooner: sums of the latest ones ride in packets that leave anyway, as many as the
// losses of the path require. [ChannelConfig.Repair] asks for more, for none, or for the same on
// an unreliable channel.
//
// # Datagrams
//
// A packet travels in a datagram of the caller's, with the caller's header in front and perhaps an authentication tag behind.
// The [Envelope] says how many bytes these take, and what carries the datagram; the endpoint fills the
// rest. If the [Carrier] loses datagrams that are too large, each path begins with 1200 bytes
// and probes for more, up to [Config.MaxDatagramBytes], and notices when it carries less again.
// A caller that can read and write the congestion marks of IP headers passes them on: Incoming.ECN,
// Outgoing.ECN.
//
// # The end
//
// [Endpoint.Close] tells the peer at once, [Endpoint.Drain] when everything sent has arrived. Go on driving
// the endpoint until [Endpoint.Done]. [Endpoint.Hold] announces that nobody will drive
// it for a while.
//
// A peer that falls silent ends the connection, or is away for a while and comes back
// ([Config.KeepFor]); [Endpoint.Continue] goes on with it after a new handshake.
//
// # Memory
//
// Every queue and table has a limit, given in [Config], [ChannelConfig] or the documentation
// of the method that meets it. Steady state allocates nothing. Payloads given to Send are
// copied; payloads taken from Receive belong to the endpoint and are valid until the next
// Update; [Message.Clone] keeps them longer. A received message is copied once, out of its
// packets, or twice if later fragments come before the first one.
//
// Memory is allocated when it is first used: a channel takes a kilobyte in a direction with the
// first message that goes there, and keeps it. An idle connection takes 3 KiB here, and 6 together with
// packages tickwire and netcode.
//
// The wire format is that of [SPEC.md], whose sections the comments name.
//
// [SPEC.md]: https://github.com/tickwire/tickwire/blob/main/SPEC.md
package endpoint

// The code, for who reads it.
//
// An Endpoint conducts four parts, each of which owns its state and what is done to it:
//
//	outbox     what goes to the peer: a sender for each channel, with the messages that wait and
//	           those whose fate is not known; in which order they fill packets
//	inbox      what comes from it: a receiver for each channel, with what is unfinished, what waits
//	           for its turn, and what the game has not taken
//	paths      where packets go: a path for each way, with its numbers, the packets that it has in
//	           flight, and what it has measured; which of them messages take
//	lifetime   what the ends say of themselves: HELLO, holds, drains, and the end
//
// A part keeps its state to itself: of another one it calls methods, and only if it may ask that one at
// all. The whole, which conducts them, may look at everything, and everybody at the packet that is built
// or read; what is anybody's asks no part. Of congestion control paths know the Controller. Whom a part
// asks, and its types:
//
//	outbox asks paths: outbox, senderStart, class, turn, sender, senderCounts, senderKeys, outMessage,
//		outState, terms, attempts, expiry, cut, fragmented, try, flush, quota, twin, repairer, repairCounts, awaited,
//		sumsTurn, groups
//	inbox asks nobody: inbox, receiver, receiverCounts, receiverKeys, partial, unfinishedTable,
//		waitingMessage, waitingQueue, inMessage, inbound, channelInbound, bound, bank, ration, poolShare,
//		rebuilder, rebuilders, pastMessage, sum
//	paths asks outbox, inbox, lifetime: paths, path, numbers, claims, measured, questions, stage, roam,
//		calm, tardy, proof, reply, replies, copies, copied, copySet, loss, overdue, lateness, reordering,
//		strait, straitMark, mtu, datagramSize, marks, markState, rtt, clockSamples, clockDoubt, lossMeter,
//		lossWatch, lossCount, arrivals, exchanges, rateTold, pathTimer, pathTimes, pathCounts
//	lifetime asks outbox, paths: lifetime, state, hello, peerHello, hold, ownHold, peerHold, drain, away,
//		closing, lifeTimer, lifeTimes
//	congestion asks nobody: AIMD, DelayBased, delayPhase, steady, cubicCurve, look, lossJudge, share,
//		queueMeter, passage, mark, pace, rivals, pause, startup, variation
//	packet asks outbox, paths: builder, content, contentKind, sentPacket, packetState, packetFlags, arrival,
//		traits
//	whole asks outbox, inbox, paths, lifetime: Endpoint, Lone, lone
//	anybody asks nobody: common, forms, Schema, counters, events, eventMemory, ackScratch, keyTable, keyEntry, spares,
//		shared, compressed, chance, throttle, bandwidth, windowedMin, head, position, strength
//
// A message that is sent waits in a queue of its sender (queue.go), is started when its turn comes
// (schedule.go), and lies in a packet as part of a run or as fragments (runs.go, fragments.go). The
// path remembers what the packet carried. When it is acknowledged, or lost, each piece goes back to
// where it is from (fate.go), and may be sent again (resend.go). In which file what is:
//
//	the whole            endpoint, chance, plan, config, validate, errors
//	used alone           lone, lone_wire
//	timers, keep-alive   timer, life_timers, path_timers
//	what the game sees   event, message, stats, channel_stats, clock
//	memory               buffers, key_table, unfinished, waiting
//	a packet that goes   packet, pack, content, acks
//	a packet that comes  arrival, acks, fate
//	sending              outbox, sender, send, draft, control
//	compression          compression, ration
//	queues and options   queue, expiry, latest, group, droppable
//	priorities, weights  schedule, budget, quota
//	messages in packets  runs, fragments, cut
//	retransmission       resend, twin, stored
//	receiving            inbox, receiver, reassembly, latest, group, droppable
//	credit, limits       credit, pool, inbound, intake
//	repair               repair, repair_sums, repair_turn, repair_rebuilder, repair_solve,
//	                     repair_rebuilt
//	paths                paths, path, path_config, path_state, path_life, path_frames, path_stats
//	multipath            turns, copies, silence
//	migration            route, proof
//	path MTU             mtu
//	ECN                  ecn
//	loss detection       loss, overdue
//	measurements         measured, rtt
//	congestion control   congestion, congestion_config, delay, delay_cubic, delay_look, delay_loss,
//	                     delay_queue, delay_rate, delay_rival, delay_start, delay_steer,
//	                     delay_varied, aimd
//	pacing               throttle
//	the life             lifetime, hello, schema, schema_difference, hold, away, continue, drain,
//	                     close
