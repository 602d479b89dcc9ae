/** A seed that failed once. What it found has a scenario of its own, since any change of what is drawn makes another world of it. */
export interface KeptSeed {
  readonly seed: number;
  /** What was wrong, in a sentence. */
  readonly found: string;
}

/** All of them, by number. */
export const keptSeeds: readonly KeptSeed[] = [
  { seed: 27, found: "a channel was closed under a subscription that was still being opened" },
  { seed: 34, found: "the checker: a batch that a fault repeated gave credit twice, which no transport does" },
  { seed: 58, found: "a cursor was carried over from where the server stood, and not from where its client did" },
  { seed: 922, found: "a conflated block was shared with one of whose run more was left out, past his credit" },
  { seed: 1038, found: "what a client told its home behind an attach, on the connection before, was lost" },
  { seed: 1098, found: "what a client told its home behind an attach, on the connection before, was lost" },
  { seed: 1215, found: "an answer of the log outlived its epoch" },
  { seed: 1218, found: "a socket was opened for who had lost the right to it while the upstream was waited for" },
  { seed: 1305, found: "an answer of the log outlived the right to it" },
  { seed: 1892, found: "the simulator itself: batches were lost behind the heal" },
  { seed: 2132, found: "the checker: an unknown publish came late, to a log that knew nothing of its producer" },
  { seed: 2876, found: "a socket was opened for who had lost the right to it while the upstream was waited for" },
  { seed: 4052, found: "the checker: an unknown publish came late, to a copy of the log that knew its producer" },
  { seed: 5756, found: "the checker: a client gave a socket up that nobody read just then, so that nobody was told" },
  { seed: 8907, found: "the simulator itself: a broker's world was called quiet before the next empty batch" },
  {
    seed: 21_991,
    found:
      "the simulator itself: of a broker's world that was quiet, sockets that upstreams talk on were looked at again",
  },
  { seed: 22_346, found: "a socket that its client gave up while it was being attached stayed at its home" },
  { seed: 23_137, found: "the checker: an attach over a connection that its node had ended counted as heard" },
  { seed: 23_292, found: "the simulator itself: texts were longer than the largest message" },
  { seed: 30_132, found: "a position of an epoch that the log did not go through was taken for the one below it" },
  {
    seed: 42_838,
    found: "batches that were lost had used all of the credit, so that nothing came of what the client asked for again",
  },
  {
    seed: 43_822,
    found: "the checker: a conflating channel left out what had a newer message, and its log went back behind that one",
  },
  { seed: 44_699, found: "the checker: two times were a rounding error apart" },
  { seed: 47_042, found: "a socket that its home did not know any more was never let go of by its client" },
  { seed: 60_737, found: "a stream of two feeds took the news of an epoch that its receiver had left" },
  { seed: 201_882, found: "a socket was given up while what was asked for before came to its home, which kept it" },
  {
    seed: 611_912,
    found: "the simulator itself: sockets whose messages go in small pieces were not given time enough",
  },
  { seed: 613_423, found: "the checker: what was told as lost counted as unread when another copy brought it" },
  {
    seed: 72_774_338,
    found: "the simulator itself: sockets whose messages go in small pieces were not given time enough",
  },
  { seed: 224_372_947, found: "a stream of two feeds took the news of an epoch that its receiver had left" },
  { seed: 792_538_357, found: "a page of history was written after the right to it had gone" },
  { seed: 1_226_913_144, found: "a stream of two feeds took the news of an epoch that its receiver had left" },
  {
    seed: 1_967_127_222,
    found: "a right that was given back was still refused by the connection that had asked for it before",
  },
  {
    seed: 1_983_070_494,
    found:
      "the simulator itself: an append happened so late that the log had forgotten the producer, whatever its client did",
  },
];
