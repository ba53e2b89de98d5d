import type { Signal } from "./signal.js";
import type { Way } from "./way.js";

const maxDatagram = 1150;
const mostQueued = 16 << 10;

/** A WebRtcWay carries datagrams in a data channel without order and repeats, which the server offers. */
export class WebRtcWay implements Way {
  readonly kind = "webrtc";
  readonly reliable = false;
  readonly maxDatagram = maxDatagram;
  onDatagram: (datagram: Uint8Array) => void = () => {};
  onReady: () => void = () => {};
  onEnded: (reason: string) => void = () => {};
  private readonly peer = new RTCPeerConnection();
  private readonly channel: RTCDataChannel;

  constructor(
    readonly id: number,
    sdp: string,
    private readonly say: (signal: Signal) => void,
  ) {
    const { peer } = this;
    const channel = peer.createDataChannel("tickwire", {
      negotiated: true,
      id: 0,
      ordered: false,
      maxRetransmits: 0,
    });
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = mostQueued / 2;
    channel.onopen = channel.onbufferedamountlow = () => this.onReady();
    channel.onmessage = ({ data }) => this.onDatagram(new Uint8Array(data as ArrayBuffer));
    channel.onclose = () => this.ended("the data channel closed");
    peer.onconnectionstatechange = () => {
      if (peer.connectionState === "failed") this.ended("WebRTC found no way, or lost it");
    };
    peer.onicecandidate = ({ candidate: c }) => {
      if (c) say({ candidate: { id, candidate: c.candidate, mid: c.sdpMid ?? "0" } });
    };
    this.channel = channel;
    this.answer(sdp).catch((e: Error) => this.ended(e.message));
  }

  private async answer(sdp: string): Promise<void> {
    await this.peer.setRemoteDescription({ type: "offer", sdp });
    const answer = await this.peer.createAnswer();
    await this.peer.setLocalDescription(answer);
    this.say({ answer: { id: this.id, sdp: answer.sdp! } });
  }

  /** Takes a candidate of the server's. */
  candidate(candidate: string, mid: string): void {
    // one that is of no use leaves the others
    this.peer.addIceCandidate({ candidate, sdpMid: mid }).catch(() => {});
  }

  private ended(reason: string): void {
    const { onEnded } = this;
    this.close();
    onEnded(reason);
  }

  send(datagram: Uint8Array): boolean {
    const { channel } = this;
    if (channel.readyState !== "open" || channel.bufferedAmount > mostQueued) return false;
    channel.send(datagram as Uint8Array<ArrayBuffer>);
    return true;
  }

  close(): void {
    this.onDatagram = this.onEnded = this.onReady = () => {};
    this.peer.close();
  }
}
