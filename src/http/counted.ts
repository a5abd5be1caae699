import { Transform } from 'node:stream';

/** Passes a stream on; `passed` is told of the bytes of each chunk, and may return the error that ends the stream. */
export function counted(passed: (bytes: number) => Error | undefined): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const error = passed(chunk.length);
      if (error) done(error);
      else done(null, chunk);
    },
  });
}
