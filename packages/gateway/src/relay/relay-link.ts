/** What a link between two nodes tells whoever has it. */
export interface RelayLinkHandlers {
  /** Frames of one client, behind the number of its stream; the bytes belong to the receiver. */
  onFrames(message: Uint8Array): void;
  /** A word of the link itself. */
  onWord(word: string): void;
  /** What was sent has left, but for less than half of what `full` allows. */
  onRoom(): void;
  /** The last call: the link is gone, whoever ended it. */
  onClose(): void;
}

/** A connection between two nodes of a service, of which both have proved that they are. Messages keep their order. */
export interface RelayLink {
  /** Set by whoever gets the link, in the turn in which it gets it. */
  handlers: RelayLinkHandlers | undefined;
  sendFrames(message: Uint8Array): void;
  sendWord(word: string): void;
  /** So much waits to be sent that no more should be made: `onRoom` says when. */
  readonly full: boolean;
  close(): void;
}

/** Opens links to other nodes. */
export interface RelayDialer {
  /** Rejects when the node is not reached, or is none of this service. */
  dial(address: string, signal: AbortSignal): Promise<RelayLink>;
}
