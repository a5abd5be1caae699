import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { EndpointClient, PollResult, RawEntity, SpooledAttachment, Written } from '../../src/endpoints/endpoint.js';
import { PartnerError } from '../../src/errors.js';
import type { GenericComment, Json } from '../../src/model/message.js';
import type { BehaviourName, RequestKind } from '../../src/sandbox/behaviours.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { until } from '../live/node-red.js';
import type { Part, QuestionName, System } from './answers-systems.js';

/**
 * What a client makes of an answer.
 * - `unknown`: it cannot tell, and says so: a PartnerError that is worth another try; of a write that was sent, that it may have been done.
 * - `right`: it resolves with what was asked for.
 * - `none`: it resolves with nothing; only where the partner says in the words of its API that there is nothing.
 * - `missing`: the partner says in the words of its API that the record is not there; nothing is written then.
 * - `conflict`: it says that there is one already: the broker looks for it (test/delivery/doubt.test.ts).
 * - `unshown`: as `unknown`, and that it is not to be written again without a person.
 * - `dropped`: it resolves, and says that the partner did not keep what was sent.
 * - `rightOrUnknown`: as `unknown`, or the record is found another way; what is given is never a job.
 */
export type Expected = 'unknown' | 'right' | 'none' | 'missing' | 'rightOrUnknown' | 'conflict' | 'unshown' | 'dropped';

const INSTEAD = {
  accepted: 'unknown',
  empty: 'unknown',
  noContent: 'unknown',
  emptyObject: 'unknown',
  errorObject: 'unknown',
  errorBeside: 'unknown',
  html: 'unknown',
  gatewayNotFound: 'unknown',
  gatewayNotFoundJson: 'unknown',
} as const;

/** By the kind of request that is answered so. */
const EXPECTED: Record<RequestKind, Partial<Record<BehaviourName, Expected>>> = {
  list: {
    ...INSTEAD,
    wrapped: 'right',
    lone: 'rightOrUnknown' /* of several records it says nothing of the others */,
    lag: 'none',
    part: 'unknown',
    stubs: 'unknown',
  },
  read: {
    ...INSTEAD,
    otherRecord: 'unknown',
    lateRecord: 'missing',
    stale: 'right',
    part: 'unknown',
    stub: 'unknown',
    listless: 'unknown',
    shorter: 'unknown',
  },
  create: {
    acceptedJob: 'unknown',
    acceptedDropped: 'unknown',
    acceptedRecord: 'unknown',
    okError: 'unknown',
    doneError: 'unknown',
    otherMade: 'unshown',
    doneStub: 'right',
    late: 'unknown',
    doneConflict: 'right',
    renumber: 'right',
    pad: 'right',
    split: 'right',
    reverse: 'right',
  },
  change: {
    accepted: 'unknown',
    okError: 'unknown',
    doneError: 'unknown',
    otherRecord: 'unknown',
    unchanged: 'unshown',
    noContent: 'unshown',
    stub: 'unshown',
    doneNoContent: 'right',
    doneStub: 'right',
    late: 'unknown',
  },
};

/** Questions of which an answer means something else; undefined: no client can tell from one answer, so nothing is expected. */
const APART: Partial<Record<RequestKind, Partial<Record<BehaviourName, Partial<Record<QuestionName, Expected | undefined>>>>>> = {
  // What comes later is found by the next sweeps, as far as they overlap.
  list: {
    lag: { read: 'right', readTogether: 'right', create: 'right', update: 'right', poll: undefined },
    // Where nothing comes, a watermark that is made of what came stays where it is; and a stub is a hint as good as any.
    part: { poll: 'rightOrUnknown' },
    stubs: { poll: 'rightOrUnknown', create: 'rightOrUnknown', update: 'rightOrUnknown' },
  },
  read: {
    // It was written a moment ago, so it is there.
    lateRecord: { create: 'unknown', update: 'unknown' },
    // Nothing in it says that it is old.
    stale: { findComment: undefined, findAttachment: undefined, comment: undefined, attach: undefined },
    // Who has never seen the lists cannot miss them.
    listless: { read: undefined, findByNumber: undefined, create: 'right', update: 'right' },
    shorter: { read: undefined, findByNumber: undefined, create: 'right', update: 'right' },
  },
  change: {
    unchanged: { update: 'dropped' },
    noContent: { update: 'dropped' },
    stub: { update: 'dropped' },
  },
  create: { acceptedJob: { create: 'rightOrUnknown' }, acceptedDropped: { create: 'rightOrUnknown' } },
};

export function expectedOf(kind: RequestKind, name: BehaviourName, question: QuestionName): Expected | undefined {
  if (question === 'createAgain') return name === 'doneConflict' ? 'conflict' : undefined;
  const apart = APART[kind]?.[name];
  if (apart && question in apart) return apart[question];
  // Records that are asked for in one list may be asked for one by one after it.
  return question === 'readTogether' ? 'rightOrUnknown' : EXPECTED[kind][name];
}

export const REFERENCE = 'SWB-TEST00000001';
/** Of what a test creates. */
const ANOTHER = 'SWB-TEST00000002';
const TEXT = 'words of theirs';
/** Longer than any test lasts. */
const LASTING = 3_600_000;
/** Behaviours that answer a write with a 202. */
const ACCEPTED = new Set<BehaviourName>(['accepted', 'acceptedJob', 'acceptedDropped']);

const comment: GenericComment = { id: 'c1', text: 'words of ours', author: 'Ann', visibility: 'public' };

/** What a question is asked about. */
export interface Case {
  sandbox: Sandbox;
  system: System;
  client: EndpointClient;
  /** The record that carries our reference. */
  id: string;
  number: string;
  /** Another one, where a question is about two. */
  other?: string;
  /** When the test began. */
  since: string;
  cursor?: Json;
  file: SpooledAttachment;
  part?: Part;
}

interface Question {
  /** Done before the partner behaves strangely. */
  prepare?: (of: Case, expected: Expected) => Promise<unknown>;
  ask: (of: Case) => Promise<unknown>;
  /** Refuses an answer that is not the right one. */
  right: (of: Case, answer: unknown, name: BehaviourName) => void;
  /** Looks, when all is over, at what must be there whatever was answered. */
  after?: (of: Case) => Promise<void>;
}

const theRecord = ({ client, id }: Case, answer: unknown) => {
  assert.ok(answer, 'it says that there is no such record');
  const { source } = client.parse(answer as RawEntity);
  assert.equal(source.id, id);
  return client.parse(answer as RawEntity);
};
/** With what hangs on it, where that is not too young to be told of. */
const theOne = (of: Case, answer: unknown, name: BehaviourName) => {
  const { comments, attachments } = theRecord(of, answer);
  if (name === 'lag' || name === 'stale') return;
  of.system.whole?.(answer as RawEntity);
  const names = of.system.attaches ? ['theirs.txt'] : [];
  assert.deepEqual([comments.map((c) => c.text), attachments.map((a) => a.name)], [[TEXT], names]);
};
const something = (_: Case, answer: unknown) => assert.ok(answer, 'it says that there is none');
const adorned = async ({ sandbox, system, id }: Case) => {
  system.says(sandbox, id, TEXT);
  system.attaches?.(sandbox, id, 'theirs.txt');
};
const known = async (of: Case) => {
  await adorned(of);
  await of.client.read(of.system.entityType, of.id);
};
/** What others wrote is never taken away. */
const kept = async ({ sandbox, system, id }: Case) => {
  system.desk(sandbox).behaviours.clear();
  const client = system.client(sandbox);
  const { comments, attachments } = client.parse(await client.read(system.entityType, id));
  client.close();
  assert.ok(comments.some((c) => c.text === TEXT) && (!system.attaches || attachments.some((a) => a.name === 'theirs.txt')));
};
const polled = (of: Case, answer: unknown) =>
  (answer as PollResult).hints.filter((hint) => hint.id === of.id && hint.key.startsWith(of.part?.key ?? ''));

export const QUESTIONS: Record<QuestionName, Question> = {
  find: {
    ask: ({ client, system }) => client.find(system.entityType, REFERENCE),
    right: (of, answer) => assert.equal(theRecord(of, answer).source.reference, REFERENCE),
  },
  findByNumber: {
    ask: async ({ client, system, number }) => client.findByNumber?.(system.entityType, number),
    right: theRecord,
  },
  read: {
    prepare: adorned,
    ask: ({ client, system, id }) => client.read(system.entityType, id),
    right: theOne,
  },
  readTogether: {
    prepare: async (of) => {
      await adorned(of);
      const { client, system } = of;
      of.other = client.parse((await client.create(system.entityType, system.fields, 'SWB-SOMEBODYELSE')).entity).source.id;
    },
    ask: ({ client, system, id, other = '' }) =>
      Promise.all([client.read(system.entityType, id), client.read(system.entityType, other)]),
    right: (of, answer, name) => {
      const [one, other] = answer as RawEntity[];
      theOne(of, one, name);
      assert.equal(of.client.parse(other as RawEntity).source.id, of.other);
    },
  },
  poll: {
    prepare: async (of, expected) => {
      of.cursor = (await of.client.poll(of.system.entityType, undefined)).cursor;
      await adorned(of);
      if (expected !== 'right' && expected !== 'rightOrUnknown') return;
      // An honest partner would tell of it by now: what a strange one does not tell is not due later.
      await until('the change', async () => polled(of, await of.client.poll(of.system.entityType, of.cursor)).length > 0);
    },
    ask: ({ client, system, cursor }) => client.poll(system.entityType, cursor),
    right: (of, answer) => {
      const { hints, cursor } = answer as PollResult;
      const stays = hints.length === 0 && isDeepStrictEqual(cursor, of.cursor);
      assert.ok(stays || polled(of, answer).length > 0, 'it moves on without the change');
    },
  },
  findComment: {
    prepare: ({ client, system, id }) => client.comment(system.entityType, id, comment),
    ask: ({ client, system, id, since }) => client.findComment(system.entityType, id, comment, since),
    right: something,
  },
  findAttachment: {
    prepare: ({ client, system, id, file }) => client.attach(system.entityType, id, file),
    ask: ({ client, system, id, since, file }) => client.findAttachment(system.entityType, id, file, since),
    right: something,
  },
  create: {
    ask: ({ client, system }) => client.create(system.entityType, system.fields, ANOTHER),
    right: ({ client, system, sandbox }, answer) => {
      const { source } = client.parse((answer as Written).entity);
      assert.deepEqual(system.withReference(sandbox, ANOTHER), [source.id], 'it is no record of theirs with our reference');
    },
  },
  createAgain: {
    ask: ({ client, system }) => client.create(system.entityType, system.fields, REFERENCE),
    right: (of, answer) => {
      theRecord(of, (answer as Written).entity);
      assert.deepEqual(of.system.withReference(of.sandbox, REFERENCE), [of.id]);
    },
  },
  update: {
    ask: ({ client, system, id }) => client.update(system.entityType, id, system.change),
    right: (of, answer) => theRecord(of, (answer as Written).entity),
  },
  comment: {
    prepare: known,
    ask: ({ client, system, id }) => client.comment(system.entityType, id, comment),
    right: something,
    after: kept,
  },
  attach: {
    prepare: known,
    ask: ({ client, system, id, file }) => client.attach(system.entityType, id, file),
    right: something,
    after: kept,
  },
};

/** Asks a question of a partner that behaves so, and looks at what the client makes of it. */
export async function examine(
  of: Case,
  question: Question,
  kind: RequestKind,
  name: BehaviourName,
  expected: Expected,
): Promise<void> {
  const { sandbox, system, client, part } = of;
  const { behaviours, requests } = system.desk(sandbox);
  await question.prepare?.(of, expected);
  if (name === 'otherRecord') await client.create(system.entityType, system.fields, 'SWB-SOMEBODYELSE');
  behaviours.add({ kind, name, ms: LASTING, ...(part && { path: part.path }) });
  const asked = requests.length;
  let answered = false;
  const answer = question
    .ask(of)
    .then(
      (value) => ({ value, error: undefined }),
      (error: unknown) => ({ value: undefined, error }),
    )
    .finally(() => {
      answered = true;
    });
  if (name === 'late') {
    // Nobody waits that long: the caller gives up when the partner has the request.
    await until('the request', () => answered || requests.slice(asked).some((r) => r.status === 0));
    client.close();
  }
  const { value, error } = await answer;
  await question.after?.(of);
  const writes = requests.slice(asked).filter((r) => r.method !== 'GET');
  assert.ok(behaviours.applied > 0, 'the question is made of other requests than its table says');
  const gave = () => (error ? `rejects: ${(error as Error).message}` : `resolves: ${JSON.stringify(value)?.slice(0, 200)}`);

  if (expected === 'right' || (expected === 'rightOrUnknown' && !error)) {
    if (error) throw new Error(`It ${gave()}`);
    return question.right(of, value, name);
  }
  if (expected === 'dropped') return assert.ok(((value as Written | undefined)?.dropped.length ?? 0) > 0, gave());
  if (expected === 'none') return assert.deepEqual([value, error], [undefined, undefined], gave());
  assert.ok(error instanceof PartnerError, `It ${gave()}`);
  if (expected === 'conflict') return assert.equal(error.status, 409, gave());
  if (expected === 'missing') {
    assert.ok(error.code === 'SWB_PARTNER_NOT_FOUND' || error.retry, gave());
    return assert.deepEqual(writes, [], 'a record that is not there is not written to');
  }
  assert.equal(error.retry, true, `It is not worth another try, says ${error.code}: ${error.message}`);
  // What was not answered as done is sent again by itself when it is surely not there.
  if (kind === 'create' || kind === 'change') assert.equal(error.notVisible, expected === 'unshown', gave());
  if (writes.length > 0) assert.equal(error.outcome, 'unknown', `The partner has got it, ${error.message}`);
  if (ACCEPTED.has(name) && writes.length > 0) assert.equal(error.status, 202, error.message);
}
