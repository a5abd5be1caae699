/**
 * Budgets for what partners answer, and for the files that they send: whatever they do, it ends, in words, and within this much
 * memory, disk and time. docs/security.md has them as a table. Inbound requests have other limits of size, in the settings of their in
 * nodes.
 */

import type { JsonLimits } from './json-shape.js';
import { MAX_NESTING } from './nesting.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes of an API's answer, unpacked: lists have about a hundred records per page, and each may have a long history. */
export const ANSWER_BYTES = 20 * MIB;
/**
 * JSON of one answer. A page of 1,000 rows with 90 columns, each with ServiceNow's two forms of a value, has 270,000 values; half a
 * million are parsed in a tenth of a second and take some dozens of megabytes, however few bytes each has. The widest tables have
 * some 1,000 columns.
 */
export const ANSWER_JSON: JsonLimits = { depth: MAX_NESTING, values: 500_000, names: 10_000 };
/** JSON that one request from outside may have: a thousand events of a hundred values. */
export const RECEIVED_JSON: JsonLimits = { depth: MAX_NESTING, values: 100_000, names: 10_000 };
/** Fields or parts of a form that is received: events have some dozens. */
export const FORM_FIELDS = 1_000;
/** Bytes of a sign-in's answer: a token, which is sent as a header later. */
export const SIGN_IN_BYTES = 256 * KIB;
/** Bytes that are read of an answer that is no success: its status is known, and the explanation stands at its beginning. */
export const ERROR_BYTES = 256 * KIB;
/** Bytes of all headers of an answer, as in Node.js. */
export const HEADER_BYTES = 16 * KIB;
/** Redirects of one request: more are a loop. */
export const REDIRECTS = 5;

/**
 * How many times its size an answer may unpack to, beyond the first bytes. Text shrinks to a tenth, a log file or empty pages to a
 * hundredth; a bomb to a thousandth (gzip) or less (Brotli).
 */
export const UNPACK = { ratio: 200, from: MIB };

/** Of one list, read page by page: requests, records, bytes, and milliseconds. */
export const LIST = { pages: 1_000, records: 100_000, bytes: 200 * MIB, time: 900_000 };

/** Files and comments of one message that are passed on, the newest ones: each becomes a delivery with tries of its own. */
export const PARTS = { attachments: 500, comments: 2_000 };

/**
 * The slowest transfer of a file: bytes per second on average, after so many milliseconds. 100 MB may take almost an hour; who sends
 * byte by byte, and so is never silent, is cut off after a minute.
 */
export const FILE_PACE = { rate: 32 * KIB, grace: 60_000 };

/** Bytes of all files in the spool folder together: those on their way, and those of dead letters while there is room. */
export const SPOOL_BYTES = 4 * 1024 * MIB;
/** What files leave free on the disk for the store itself: bytes, but not more than this part of the disk. */
export const FREE_DISK = { bytes: 512 * MIB, part: 0.05 };
