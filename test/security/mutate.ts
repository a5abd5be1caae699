import { BODIES, ESCAPES } from './corpus.js';

type Random = () => number;

const VALUES: unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  'x'.repeat(10_000),
  [],
  {},
  [[[]]],
  '__proto__',
  'constructor',
  '\ud800',
  '%',
  '%{HOME}',
  '../../etc/passwd',
  "' OR 1=1 --",
  '^ORsys_idISNOTEMPTY',
  ESCAPES,
];

/** Bodies of the corpus that can be sent hundreds of times. */
const SMALL = Object.values(BODIES).filter(({ length }) => length < 10_000);

/** A valid body with a few random changes: of its JSON, or of its bytes. */
export function mutated(body: string, random: Random): Buffer {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  if (random() < 0.1) return Buffer.from(pick(SMALL));
  if (random() < 0.4) return bytesOf(body, random);
  const value = JSON.parse(body) as unknown;
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) change(value, random, pick);
  return Buffer.from(JSON.stringify(value));
}

function change(value: unknown, random: Random, pick: <T>(list: readonly T[]) => T): void {
  if (typeof value !== 'object' || value === null) return;
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  if (keys.length === 0) return;
  const key = pick(keys);
  const what = random();
  if (what < 0.5 && typeof record[key] === 'object') change(record[key], random, pick);
  else if (what < 0.6) delete record[key];
  else if (what < 0.7) record[String(pick(VALUES))] = record[key];
  else record[key] = pick(VALUES);
}

function bytesOf(body: string, random: Random): Buffer {
  const bytes = Buffer.from(body);
  for (let left = 1 + Math.floor(random() * 8); left > 0; left--)
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  return random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
}
