package endpoint

import "time"

// ChannelStats is what was counted of one channel. Bytes are those of its frames: messages
// with their headers, what was sent again, and frames that steer the channel.
type ChannelStats struct {
	MessagesSent     uint64 // accepted by Send
	MessagesReceived uint64 // shown to the game, or waiting for it
	BytesSent        uint64
	BytesReceived    uint64
	// The same of about the last second, as in Stats.
	BytesSentPerSecond, BytesReceivedPerSecond int
	Dropped                                    [lossReasons]uint64 // sent messages that were given up, by LossReason

	// Repair (ChannelConfig.Repair): sums that went out and their bytes, which are part of
	// BytesSent; what of ours the peer says it has rebuilt, and what was rebuilt here.
	RepairsSent, RepairBytesSent      uint64
	MessagesRepaired, MessagesRebuilt uint64

	// Compression (ChannelConfig.Compression): bytes of messages before and after it, in both
	// directions, and how many went as they are, a byte longer. What was sent is counted by Send.
	CompressedFrom, CompressedTo uint64
	OpenedFrom, OpenedTo         uint64
	MessagesLeftAsIs             uint64
	OpeningPaused                uint64 // times that messages waited, since Config.OpenedBytesPerSecond was used up

	QueuedMessages int // that wait to be sent for the first time
	QueuedBytes    int // their lengths, and 32 for each
	// QueueDelay is how long a message sent now would wait, if the path's rate stays as it is
	// and no other channel sends.
	QueueDelay time.Duration
}

type senderCounts struct {
	messages, bytes uint64
	rate            bandwidth
	dropped         [lossReasons]uint64
	compressed      compressed
}

type receiverCounts struct {
	messages, bytes uint64
	rebuilt         uint64
	rate            bandwidth
	compressed      compressed
	paused          uint64 // times that opening paused at one of its messages
}

// ChannelStats returns the counters of a channel; zeros if there is none.
func (e *Endpoint) ChannelStats(channel ChannelID) (st ChannelStats) {
	i := e.plan.index(uint16(channel))
	if i < 0 {
		return st
	}
	if s := e.outbox.senders[i]; s != nil {
		e.addSender(&st, s)
	}
	if r := e.inbox.receivers[i]; r != nil {
		st.MessagesReceived, st.BytesReceived = r.counts.messages, r.counts.bytes
		st.BytesReceivedPerSecond = r.counts.rate.perSecond(e.now)
		st.MessagesRebuilt = r.counts.rebuilt
		st.OpeningPaused = r.counts.paused
		st.OpenedFrom, st.OpenedTo = r.counts.compressed.to, r.counts.compressed.from
	}
	return st
}

func (e *Endpoint) addSender(st *ChannelStats, s *sender) {
	st.MessagesSent, st.BytesSent = s.counts.messages, s.counts.bytes
	st.BytesSentPerSecond = s.counts.rate.perSecond(e.now)
	st.Dropped = s.counts.dropped
	st.RepairsSent, st.RepairBytesSent = s.repair.counts.sums, s.repair.counts.bytes
	st.MessagesRepaired = s.repair.counts.rebuilt
	st.CompressedFrom, st.CompressedTo = s.counts.compressed.from, s.counts.compressed.to
	st.MessagesLeftAsIs = s.counts.compressed.asTheyAre
	st.QueuedMessages, st.QueuedBytes = s.waitingMessages(), s.queued
	rate := e.paths.bytesPerSecond()
	for _, limit := range [2]int{s.turn.cap.rate, e.outbox.quota.bytes.rate} {
		if limit > 0 {
			rate = min(rate, limit)
		}
	}
	st.QueueDelay = time.Duration(mulDiv(int64(s.queued), second, int64(rate)))
}

// count counts bytes of frames that came.
func (r *receiver) count(now int64, bytes int) {
	r.counts.bytes += uint64(bytes)
	r.counts.rate.add(now, bytes)
}
