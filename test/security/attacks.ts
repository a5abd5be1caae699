import { randomFrom } from '../store/random.js';
import { corpus, request } from './corpus.js';
import { bombsAt, Crowd, endless, headOf } from './floods.js';
import { LIMITS, LONG, SIZES } from './limits.js';
import { mutated } from './mutate.js';
import { faultOf, fire, type Hit, type Shot } from './shot.js';
import type { Surface } from './surfaces.js';

/** What an attack needs to know; plain data, because it runs in a process of its own (attacker.ts). */
export interface Plan {
  attack: keyof typeof ATTACKS;
  url: string;
  surfaces: Surface[];
  seed: number;
  /** Milliseconds; of an attack that goes on until it is stopped. */
  lasts?: number;
}

export interface Report {
  sent: number;
  /** How many answers there were of each status. */
  answers: Record<string, number>;
  /** Answers that no request may get. */
  faults: string[];
}

/** How many requests are on their way at once. */
const AT_ONCE = 8;
/** Milliseconds for which an incomplete request stays. */
const INCOMPLETE = 1_000;
const TURNS = LONG ? 1_000 : 60;

async function volley(url: string, shots: Iterable<Shot>): Promise<Report> {
  const report: Report = { sent: 0, answers: {}, faults: [] };
  const iterator = shots[Symbol.iterator]();
  const shooter = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) note(report, next.value, await fireAt(url, next.value));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, shooter));
  return report;
}

const fireAt = (url: string, shot: Shot) => fire(url, shot, shot.incomplete ? INCOMPLETE : LIMITS.answer);

function note(report: Report, shot: Shot, hit: Hit): void {
  report.sent++;
  report.answers[hit.status] = (report.answers[hit.status] ?? 0) + 1;
  const fault = shot.incomplete && hit.status === 'silent' ? undefined : faultOf(hit);
  if (fault) report.faults.push(fault);
}

/** Each is one way to attack. */
export const ATTACKS = {
  /** The whole corpus at each surface. */
  corpus: ({ url, surfaces }: Plan) => volley(url, surfaces.flatMap(corpus)),

  /** Of the corpus, some shots at each surface, by chance. */
  sample: ({ url, surfaces, seed }: Plan) => {
    const random = randomFrom(seed);
    const some = (surface: Surface) => {
      const all = corpus(surface);
      return all.filter(() => random() < SIZES.perRoute / all.length);
    };
    return volley(url, surfaces.flatMap(some));
  },

  /** Valid bodies with random changes. */
  mutations: ({ url, surfaces, seed }: Plan) => {
    const random = randomFrom(seed);
    const bodied = surfaces.filter(({ body }) => body);
    const shots = Array.from({ length: SIZES.mutations }, (_, i) =>
      bodied.map((surface) => request(surface, `${surface.name}, mutation ${i} of seed ${seed}`, mutated(surface.body, random))),
    );
    return volley(url, shots.flat());
  },

  bombs: ({ url, surfaces }: Plan) => volley(url, surfaces.flatMap(bombsAt)),

  endless: ({ url, surfaces }: Plan) => volley(url, surfaces.flatMap(endless)),

  /** As many wrong secrets as there is time for; each surface has one. */
  guesses: ({ url, surfaces }: Plan) =>
    volley(
      url,
      Array.from({ length: SIZES.guesses }, (_, i) => {
        const surface = surfaces[i % surfaces.length]!;
        return request(
          { ...surface, headers: { ...surface.headers, 'x-switchboard-secret': `guess-${i}` } },
          surface.name,
          surface.body,
        );
      }),
    ),

  /** The headers of a request, without its body. */
  headOnly: ({ url, surfaces }: Plan) =>
    volley(
      url,
      surfaces.map((surface) => ({ name: surface.name, pieces: [headOf(surface, { 'Content-Length': '1000' })] })),
    ),

  /** Hundreds of connections that hold bodies, and others that drip. */
  crowd: async ({ url, surfaces }: Plan): Promise<Report> => {
    const crowd = new Crowd(url);
    const bodied = surfaces.filter(({ body }) => body);
    for (const surface of bodied) {
      await crowd.withBodies(surface, 1_000_000, SIZES.connections / bodied.length);
      crowd.dripping(surface, 'body', 20);
      crowd.dripping(surface, 'headers', 20);
    }
    // A server reads 64 KB of each connection in a turn of its event loop: by then it has read what it wants to read.
    for (let turn = 0; turn < TURNS; turn++) await (await fetch(`${url}/health/live`)).text();
    const { ended } = crowd;
    crowd.release();
    return { sent: SIZES.connections, answers: { closed: ended }, faults: [] };
  },

  /** The corpus, calmly and again and again, as long as it lasts. */
  siege: async ({ url, surfaces, lasts = 0 }: Plan): Promise<Report> => {
    const report: Report = { sent: 0, answers: {}, faults: [] };
    const shots = surfaces.flatMap(corpus);
    const end = performance.now() + lasts;
    for (let i = 0; performance.now() < end; i++) {
      const shot = shots[i % shots.length]!;
      note(report, shot, await fireAt(url, { ...shot, pieces: [...shot.pieces] }));
      await new Promise((done) => setTimeout(done, 5));
    }
    return report;
  },
};
