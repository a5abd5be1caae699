import { type Duplex, Transform } from 'node:stream';
import { constants, createBrotliDecompress, createUnzip } from 'node:zlib';

/** The content codings that `decoders` knows, as an Accept-Encoding header. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

// A body without the trailer of its coding is accepted, as browsers do: HTTP's own framing shows whether it is complete.
const GZIP = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH };

/** The streams that decode a body with this Content-Encoding, in order; empty if it is not encoded, or unknown. */
export function decoders(encoding = ''): Duplex[] {
  switch (encoding.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return [createUnzip(GZIP)];
    case 'deflate':
      return [zlibHeader(), createUnzip(GZIP)];
    case 'br':
      return [createBrotliDecompress(BROTLI)];
    default:
      return [];
  }
}

/** Adds the zlib header that some servers omit (RFC 9110 §8.4.1.2). */
function zlibHeader(): Transform {
  let first = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // The low four bits of a zlib header are 8, for DEFLATE (RFC 1950); no DEFLATE data from common encoders starts so.
      if (first && ((chunk[0] ?? 0) & 0x0f) !== 8) this.push(Buffer.from([0x78, 0x9c]));
      first = false;
      done(null, chunk);
    },
  });
}
