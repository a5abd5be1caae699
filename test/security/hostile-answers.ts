import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { ESCAPES } from './corpus.js';
import { bombs } from './floods.js';
import { SIZES } from './limits.js';

/** `internal`: the address of a service that only this machine can reach. */
export type Answer = (req: IncomingMessage, res: ServerResponse, internal: string) => void;

const JSON_TYPE = { 'Content-Type': 'application/json' };
const packed = bombs();
const packedValues = gzipSync(`[${'{},'.repeat(SIZES.values)}{}]`);

/** Twenty megabytes a second, until the other side has had enough. */
function forever(res: ServerResponse, piece: string): void {
  const timer = setInterval(() => res.writableNeedDrain || res.write(piece), 50);
  res.once('close', () => clearInterval(timer));
}

/** A byte now and then. */
function drip(res: ServerResponse, byte: string): void {
  const timer = setInterval(() => res.write(byte), 100);
  res.once('close', () => clearInterval(timer));
}

const bomb =
  (coding: string): Answer =>
  (_req, res) =>
    res.writeHead(200, { ...JSON_TYPE, 'Content-Encoding': coding }).end(packed[coding]);

/** What a hostile or broken partner answers to every request. */
export const ANSWERS = {
  bombGzip: bomb('gzip'),
  bombBrotli: bomb('br'),
  bombChained: bomb('gzip, gzip'),
  drip: (_req, res) => {
    res.writeHead(200, JSON_TYPE);
    drip(res, ' ');
  },
  endless: (_req, res) => {
    res.writeHead(200, JSON_TYPE).write('[');
    forever(res, ' '.repeat(2 ** 20));
  },
  endlessHeaders: (req, res) => {
    const { socket } = req;
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n');
    const timer = setInterval(() => socket.write(`X-Filler: ${'x'.repeat(500)}\r\n`.repeat(10)), 50);
    res.once('close', () => clearInterval(timer));
    socket.once('close', () => clearInterval(timer));
  },
  manyHeaders: (_req, res) => {
    res.writeHead(200, { ...JSON_TYPE, 'X-Filler': Array.from({ length: 3_000 }, () => 'x') }).end('[]');
  },
  endlessPages: (req, res) => {
    const next = `<${req.url?.split('?')[0]}?offset=${Math.random()}>; rel="next"`;
    const ticket = { id: 'TT-1', href: '/', status: 'acknowledged', severity: 'Minor', ticketType: 'incident', description: 'x' };
    res.writeHead(200, { ...JSON_TYPE, Link: next, 'X-Total-Count': '999999999' });
    res.end(JSON.stringify([ticket]));
  },
  pagesElsewhere: (_req, res, internal) => {
    const ticket = {
      id: 'TT-1',
      href: internal,
      status: 'acknowledged',
      severity: 'Minor',
      ticketType: 'incident',
      description: 'x',
    };
    res.writeHead(206, { ...JSON_TYPE, Link: `<${internal}/page>; rel="next"`, 'X-Total-Count': '100' });
    res.end(JSON.stringify([ticket]));
  },
  redirect: (_req, res, internal) => void res.writeHead(302, { Location: `${internal}/redirected` }).end(),
  permanentRedirect: (_req, res, internal) => void res.writeHead(308, { Location: `${internal}/redirected` }).end(),
  deepArrays: (_req, res) => void res.writeHead(200, JSON_TYPE).end('['.repeat(SIZES.depth) + ']'.repeat(SIZES.depth)),
  deepObjects: (_req, res) =>
    void res.writeHead(200, JSON_TYPE).end(`[${'{"a":'.repeat(SIZES.depth)}1${'}'.repeat(SIZES.depth)}]`),
  // Some kilobytes that are millions of values; values that are not packed; names of one object.
  packedValues: (_req, res) => void res.writeHead(200, { ...JSON_TYPE, 'Content-Encoding': 'gzip' }).end(packedValues),
  manyValues: (_req, res) => void res.writeHead(200, JSON_TYPE).end(`[${'{},'.repeat(SIZES.values)}{}]`),
  manyNames: (_req, res) =>
    void res.writeHead(200, JSON_TYPE).end(`[{${Array.from({ length: SIZES.names }, (_, i) => `"k${i}":1`).join(',')}}]`),
  prototypes: (_req, res) =>
    void res.writeHead(200, JSON_TYPE).end('[{"id":{"__proto__":[]},"__proto__":{"polluted":1},"constructor":{"prototype":1}}]'),
  escapes: (_req, res) => {
    res
      .writeHead(400, JSON_TYPE)
      .end(JSON.stringify({ code: '1', reason: ESCAPES, message: `${ESCAPES} ${'x'.repeat(100_000)}` }));
  },
} satisfies Record<string, Answer>;

/** What a hostile token endpoint answers. */
export const TOKEN_ANSWERS = {
  tokenBomb: ANSWERS.bombGzip,
  tokenDrip: ANSWERS.drip,
  tokenEndless: ANSWERS.endless,
  tokenDeep: ANSWERS.deepObjects,
  tokenNames: ANSWERS.manyNames,
  tokenRedirect: ANSWERS.redirect,
  tokenEscapes: ANSWERS.escapes,
} satisfies Record<string, Answer>;

/** What a hostile partner sends as a file, at its own address. */
export const FILES = {
  bomb: ANSWERS.bombGzip,
  endless: ANSWERS.endless,
  drip: ANSWERS.drip,
  redirect: ANSWERS.redirect,
} satisfies Record<string, Answer>;
