/** What the product promises while it is attacked, and the sizes of the attacks. All that depends on a limit of the product is here. */
export const LONG = process.env.SWITCHBOARD_SECURITY === 'long';

export const LIMITS = {
  /** Megabytes by which the process may grow during an attack: less than one bomb, or the bodies of one crowd; its heap grows by much before it is tidied. */
  memory: 350,
  /** Milliseconds for which its event loop may be held. */
  held: LONG ? 500 : 2_000,
  /** How much slower good messages may be: p99 beside an attack over p99 without, and milliseconds that are noise. */
  slower: { ratio: 2, noise: 50 },
  /** Lines of the log for one kind of refused requests from one source, however many there are. */
  lines: 40,
  /** Milliseconds in which a complete request has to be answered. */
  answer: 60_000,
  /** Milliseconds after which a file that does not come to its end is given up. */
  file: 120_000,
} as const;

export const SIZES = {
  /** Bytes: more than a webhook takes (1 MB), less than the callback of a hub does (10 MB). */
  body: 2_000_000,
  /** Levels of JSON. */
  depth: 100_000,
  /** Values in one JSON text, and names of one object. */
  values: 3_000_000,
  names: 500_000,
  /** Unpacked bytes of a decompression bomb. */
  bomb: 512 * 2 ** 20,
  /** Connections at once. */
  connections: 400,
  /** Wrong secrets beside valid ones. */
  guesses: LONG ? 20_000 : 1_000,
  /** Random changes of valid bodies, for each way in. */
  mutations: LONG ? 2_000 : 40,
  /** Shots of the corpus at each admin route in the short form; the long one has all. */
  perRoute: 4,
  queryParameters: 5_000,
} as const;
