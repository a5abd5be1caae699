import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { EndpointClient, PollResult, RawEntity, SpooledAttachment, WriteResult } from '../../src/endpoints/endpoint.js';
import { PartnerError } from '../../src/errors.js';
import type { GenericComment, Json } from '../../src/model/message.js';
import type { BehaviourName, RequestKind } from '../../src/sandbox/behaviours.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { until } from '../live/node-red.js';
import type { CallName, ContractCase, Part } from './contract-case.js';

/**
 * What a client must make of an answer.
 * - `unknown`: it throws a PartnerError that may be retried; for a write that was sent, it says that the write may have been done.
 * - `right`: it resolves with what was requested.
 * - `none`: it resolves with nothing; only where the partner's own API says that there is nothing.
 * - `missing`: the partner's own API says that the record does not exist; nothing is written then.
 * - `conflict`: the partner says that the record exists already: the broker looks it up (test/delivery/in-doubt.test.ts).
 * - `unshown`: as `unknown`, and it must not be written again without a person.
 * - `dropped`: it resolves, and reports that the partner did not keep what was sent.
 * - `rightOrUnknown`: as `unknown`, or the record is found in another way; a job is never taken for it.
 */
export type Expected = 'unknown' | 'right' | 'none' | 'missing' | 'rightOrUnknown' | 'conflict' | 'unshown' | 'dropped';

const FOR_ANY_REQUEST = {
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

/** By the kind of request that is answered. */
const EXPECTED: Record<RequestKind, Partial<Record<BehaviourName, Expected>>> = {
  list: {
    ...FOR_ANY_REQUEST,
    wrapped: 'right',
    lone: 'rightOrUnknown' /* of several records it says nothing of the others */,
    lag: 'none',
    part: 'unknown',
    stubs: 'unknown',
    ownWords: 'right',
    cancelMissing: 'right',
  },
  read: {
    ...FOR_ANY_REQUEST,
    otherRecord: 'unknown',
    lateRecord: 'missing',
    stale: 'right',
    part: 'unknown',
    stub: 'unknown',
    listless: 'unknown',
    shorter: 'unknown',
    ownWords: 'right',
    cancelMissing: 'right',
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
    ownIds: 'right',
    merge: 'right',
    bundle: 'right',
    fee: 'right',
    completed: 'right',
    wholeDate: 'right',
    reprice: 'right',
    ownWords: 'right',
    queued: 'unknown',
    eventOnly: 'unknown',
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
    ownIds: 'right',
    lockedInProgress: 'right',
    cancelIgnored: 'right',
    ownWords: 'right',
  },
  cancel: {},
};

/** Calls for which an answer means something else; undefined: no client can tell from a single answer, so nothing is expected. */
const EXCEPTIONS: Partial<Record<RequestKind, Partial<Record<BehaviourName, Partial<Record<CallName, Expected | undefined>>>>>> =
  {
    // Later rows are found by the next sweeps, as far as these overlap.
    list: {
      lag: { read: 'right', readTogether: 'right', create: 'right', update: 'right', poll: undefined },
      // Without rows, a watermark made from rows stays where it is; and a stub is as good a hint as any.
      part: { poll: 'rightOrUnknown' },
      stubs: { poll: 'rightOrUnknown', create: 'rightOrUnknown', update: 'rightOrUnknown' },
    },
    read: {
      // The record was just written, so it exists.
      lateRecord: { create: 'unknown', update: 'unknown' },
      // Nothing in the answer shows that it is old.
      stale: { findComment: undefined, findAttachment: undefined, comment: undefined, attach: undefined },
      // A client that has never seen the lists cannot miss them.
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

export function expectedOf(kind: RequestKind, name: BehaviourName, call: CallName): Expected | undefined {
  if (call === 'createAgain') return name === 'doneConflict' ? 'conflict' : undefined;
  const apart = EXCEPTIONS[kind]?.[name];
  if (apart && call in apart) return apart[call];
  // Records that are requested in one list may be requested one by one afterwards.
  return call === 'readTogether' ? 'rightOrUnknown' : EXPECTED[kind][name];
}

export const REFERENCE = 'SWB-TEST00000001';
/** The reference of a record that a test creates. */
const ANOTHER = 'SWB-TEST00000002';
const TEXT = 'their text';
/** Longer than any test lasts. */
const DURATION = 3_600_000;
/** Behaviours that answer a write with a 202. */
const ACCEPTED = new Set<BehaviourName>(['accepted', 'acceptedJob', 'acceptedDropped']);

const comment: GenericComment = { id: 'c1', text: 'our text', author: 'Ann', visibility: 'public' };

/** The subject of a call. */
export interface Case {
  sandbox: Sandbox;
  system: ContractCase;
  client: EndpointClient;
  /** The record that carries our reference. */
  id: string;
  number: string;
  /** Another record, where a call is about two. */
  other?: string;
  /** Start of the test. */
  since: string;
  cursor?: Json;
  file: SpooledAttachment;
  part?: Part;
}

interface Call {
  /** Runs before the partner behaves strangely. */
  prepare?: (of: Case, expected: Expected) => Promise<unknown>;
  run: (of: Case) => Promise<unknown>;
  /** Fails unless the answer is right. */
  right: (of: Case, answer: unknown, name: BehaviourName) => void;
  /** Checks at the end what must be there, whatever was answered. */
  after?: (of: Case) => Promise<void>;
}

const theRecord = ({ client, id }: Case, answer: unknown) => {
  assert.ok(answer, 'the client says that there is no such record');
  const { source } = client.parse(answer as RawEntity);
  assert.equal(source.id, id);
  return client.parse(answer as RawEntity);
};
/** Checks the comments and files too, unless they may be too recent to show. */
const theOne = (of: Case, answer: unknown, name: BehaviourName) => {
  const { comments, attachments } = theRecord(of, answer);
  if (name === 'lag' || name === 'stale') return;
  of.system.whole?.(answer as RawEntity);
  const names = of.system.attaches ? ['theirs.txt'] : [];
  assert.deepEqual([comments.map((c) => c.text), attachments.map((a) => a.name)], [[TEXT], names]);
};
const something = (_: Case, answer: unknown) => assert.ok(answer, 'the client says that there is none');
const adorned = async ({ sandbox, system, id }: Case) => {
  system.says(sandbox, id, TEXT);
  system.attaches?.(sandbox, id, 'theirs.txt');
};
const known = async (of: Case) => {
  await adorned(of);
  await of.client.read(of.system.entityType, of.id);
};
/** What others wrote must not be removed. */
const kept = async ({ sandbox, system, id }: Case) => {
  system.desk(sandbox).behaviours.clear();
  const client = system.client(sandbox);
  const { comments, attachments } = client.parse(await client.read(system.entityType, id));
  client.close();
  assert.ok(comments.some((c) => c.text === TEXT) && (!system.attaches || attachments.some((a) => a.name === 'theirs.txt')));
};
const polled = (of: Case, answer: unknown) =>
  (answer as PollResult).hints.filter((hint) => hint.id === of.id && hint.key.startsWith(of.part?.key ?? ''));

export const CALLS: Record<CallName, Call> = {
  find: {
    run: async ({ client, system }) => client.find?.(system.entityType, REFERENCE),
    right: (of, answer) => assert.equal(theRecord(of, answer).source.reference, REFERENCE),
  },
  findByNumber: {
    run: async ({ client, system, number }) => client.findByNumber?.(system.entityType, number),
    right: theRecord,
  },
  read: {
    prepare: adorned,
    run: ({ client, system, id }) => client.read(system.entityType, id),
    right: theOne,
  },
  readTogether: {
    prepare: async (of) => {
      await adorned(of);
      const { client, system } = of;
      of.other = client.parse((await client.create(system.entityType, system.fields, 'SWB-SOMEBODYELSE')).entity).source.id;
    },
    run: ({ client, system, id, other = '' }) =>
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
      // By now an honest partner would show it; what a strange one hides is not expected later.
      await until('the change', async () => polled(of, await of.client.poll(of.system.entityType, of.cursor)).length > 0);
    },
    run: ({ client, system, cursor }) => client.poll(system.entityType, cursor),
    right: (of, answer) => {
      const { hints, cursor } = answer as PollResult;
      const stays = hints.length === 0 && isDeepStrictEqual(cursor, of.cursor);
      assert.ok(stays || polled(of, answer).length > 0, 'the poll moves on without the change');
    },
  },
  findComment: {
    prepare: ({ client, system, id }) => client.comment(system.entityType, id, comment),
    run: ({ client, system, id, since }) => client.findComment(system.entityType, id, comment, since),
    right: something,
  },
  findAttachment: {
    prepare: ({ client, system, id, file }) => client.attach(system.entityType, id, file),
    run: ({ client, system, id, since, file }) => client.findAttachment(system.entityType, id, file, since),
    right: something,
  },
  create: {
    run: ({ client, system }) => client.create(system.entityType, system.fields, ANOTHER),
    right: ({ client, system, sandbox }, answer) => {
      const { source } = client.parse((answer as WriteResult).entity);
      assert.deepEqual(system.withReference(sandbox, ANOTHER), [source.id], 'the partner has no such record with our reference');
    },
  },
  createAgain: {
    run: ({ client, system }) => client.create(system.entityType, system.fields, REFERENCE),
    right: (of, answer) => {
      theRecord(of, (answer as WriteResult).entity);
      assert.deepEqual(of.system.withReference(of.sandbox, REFERENCE), [of.id]);
    },
  },
  update: {
    run: ({ client, system, id }) => client.update(system.entityType, id, system.change),
    right: (of, answer) => theRecord(of, (answer as WriteResult).entity),
  },
  comment: {
    prepare: known,
    run: ({ client, system, id }) => client.comment(system.entityType, id, comment),
    right: something,
    after: kept,
  },
  attach: {
    prepare: known,
    run: ({ client, system, id, file }) => client.attach(system.entityType, id, file),
    right: something,
    after: kept,
  },
};

/** Makes a call to a partner with a certain behaviour, and checks the client's result. */
export async function examine(of: Case, call: Call, kind: RequestKind, name: BehaviourName, expected: Expected): Promise<void> {
  const { sandbox, system, client, part } = of;
  const { behaviours, requests } = system.desk(sandbox);
  await call.prepare?.(of, expected);
  if (name === 'otherRecord') await client.create(system.entityType, system.fields, 'SWB-SOMEBODYELSE');
  behaviours.add({ kind, name, ms: DURATION, ...(part && { path: part.path }) });
  const asked = requests.length;
  let answered = false;
  const answer = call
    .run(of)
    .then(
      (value) => ({ value, error: undefined }),
      (error: unknown) => ({ value: undefined, error }),
    )
    .finally(() => {
      answered = true;
    });
  if (name === 'late') {
    // Do not wait that long: close the client once the partner has the request.
    await until('the request', () => answered || requests.slice(asked).some((r) => r.status === 0));
    client.close();
  }
  const { value, error } = await answer;
  await call.after?.(of);
  const writes = requests.slice(asked).filter((r) => r.method !== 'GET');
  assert.ok(behaviours.applied > 0, 'the call made other requests than its table says');
  const gave = () => (error ? `rejects: ${(error as Error).message}` : `resolves: ${JSON.stringify(value)?.slice(0, 200)}`);

  if (expected === 'right' || (expected === 'rightOrUnknown' && !error)) {
    if (error) throw new Error(`It ${gave()}`);
    return call.right(of, value, name);
  }
  if (expected === 'dropped') return assert.ok(((value as WriteResult | undefined)?.dropped.length ?? 0) > 0, gave());
  if (expected === 'none') return assert.deepEqual([value, error], [undefined, undefined], gave());
  assert.ok(error instanceof PartnerError, `It ${gave()}`);
  if (expected === 'conflict') return assert.equal(error.status, 409, gave());
  if (expected === 'missing') {
    assert.ok(error.code === 'SWB_PARTNER_NOT_FOUND' || error.retry, gave());
    return assert.deepEqual(writes, [], 'a missing record must not be written to');
  }
  assert.equal(error.retry, true, `It is not worth another try, says ${error.code}: ${error.message}`);
  // A write that was not answered with a success is repeated automatically once it is certain that it was not done.
  if (kind === 'create' || kind === 'change') assert.equal(error.notVisible, expected === 'unshown', gave());
  if (writes.length > 0) assert.equal(error.outcome, 'unknown', `The partner has got it, ${error.message}`);
  if (ACCEPTED.has(name) && writes.length > 0) assert.equal(error.status, 202, error.message);
}
