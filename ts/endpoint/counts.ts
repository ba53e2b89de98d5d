import type { FullEndpoint } from "./endpoint_full.js";
import type { ChannelCounts, MessageCounts } from "./event.js";

/** What was counted of a channel; undefined: there is none. */
export function channelCounts(e: FullEndpoint, channel: number): ChannelCounts | undefined {
  const [s, r] = [e.outbox.senders.get(channel), e.inbox.receivers.get(channel)];
  return (
    s &&
    r && {
      messagesSent: s.taken,
      messagesReceived: r.delivered,
      messagesLost: e.c.lost.get(channel) ?? 0,
      bytesSent: s.bytesSent,
      bytesReceived: r.bytesReceived,
      queuedMessages: s.queue.length,
      queuedBytes: s.queue.charged,
    }
  );
}

/** What was counted of all channels of the application together. */
export function messageCounts(e: FullEndpoint): MessageCounts {
  const sum: MessageCounts = { messagesSent: 0, messagesReceived: 0, messagesLost: 0 };
  for (const { id } of e.c.cfg.channels) {
    if (id === 0) continue; // the library's own
    const counts = channelCounts(e, id)!;
    for (const name of Object.keys(sum) as (keyof MessageCounts)[]) sum[name] += counts[name];
  }
  return sum;
}
