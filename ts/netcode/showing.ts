import type { HandshakeKeys } from "./keys.js";

/** A Challenge is what a server has answered before there is a connection. */
export interface Challenge {
  /** The server's count of them. */
  readonly counter: number;
  /** What shows that we got it; undefined: it says that the server is full. */
  readonly body: Uint8Array | undefined;
}

/** A Showing is how a credential is shown to a server, once: a token as {@link showToken} does, or a ticket. */
export interface Showing {
  readonly keys: HandshakeKeys;
  /** The name of the credential, for people. */
  readonly what: string;
  /** For how many seconds it is good, from the beginning of the handshake on. */
  readonly life: number;
  /** The packet that goes before there is a challenge; undefined: answer makes that too. */
  readonly request?: Uint8Array;
  /** The server may say that what was under way goes on. */
  readonly mayContinue: boolean;
  /** Makes the packet that answers a challenge; of zero bytes if none has come. */
  answer(
    nonce: Uint8Array,
    share: Uint8Array,
    challenge: Uint8Array,
    hello: Uint8Array,
  ): Uint8Array;
  /** Reads a datagram; undefined if it is no challenge. */
  read(b: Uint8Array, share: Uint8Array): Challenge | undefined;
}
