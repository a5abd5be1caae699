import { PartnerError } from '../../errors.js';
import type { Api } from '../api.js';
import { describeFailure, failureOf } from '../connection.js';
import type { Check } from '../endpoint.js';
import type { ArrayMode } from './dialect.js';
import type { AddedEntry } from './whole-list.js';

export const JSON_PATCH = 'application/json-patch+json';

/** A resource that no provider has: a write to it shows what is taken without writing anything. */
export const NO_SUCH_ID = 'switchboard-connection-test';

/** By which a provider says that it does not take a JSON Patch, before it does anything. */
const NOT_TAKEN = [400, 405, 415, 422, 501];

type Way = Exclude<ArrayMode, 'auto'>;

/** How a provider takes a new entry of a list: as it is set, or, by `auto`, as it is found out once. */
export class ArrayModeDetector {
  private found?: { way: Way; why: string };

  constructor(
    private readonly api: Api,
    /** Of the resources. */
    private readonly path: string,
    private readonly mode: ArrayMode,
  ) {}

  /** Adds an entry the way this provider takes it. `together`: other lists have to travel along, for which there is one way alone. */
  async add(
    single: (way: 'append' | 'jsonPatch') => Promise<AddedEntry>,
    whole: () => Promise<AddedEntry>,
    together: boolean,
  ): Promise<AddedEntry> {
    if (this.mode !== 'auto') return this.mode === 'replace' ? whole() : single(this.mode);
    if (together || (await this.find()).way === 'replace') return whole();
    try {
      return await single('jsonPatch');
    } catch (error) {
      if (!(error instanceof PartnerError) || error.outcome !== 'notDone' || !NOT_TAKEN.includes(error.status ?? 0)) throw error;
      const added = await whole();
      this.found = { way: 'replace', why: `a JSON Patch was answered ${error.status}` };
      return added;
    }
  }

  /** Can an entry that is there be changed without writing the others? */
  async changesSingle(): Promise<boolean> {
    return (await this.way()) === 'jsonPatch';
  }

  /** Are lists sent whole, so that what others write at the same time can be lost with it? */
  async isWhole(): Promise<boolean> {
    return (await this.way()) === 'replace';
  }

  private async way(): Promise<Way> {
    return this.mode === 'auto' ? (await this.find()).way : this.mode;
  }

  /** Which way is gone, and why, in words. Never throws. */
  async check(): Promise<Check> {
    const name = 'Lists';
    if (this.mode !== 'auto') return { name, ok: true, text: `Notes and files are added by ${WORDS[this.mode]}, as it is set.` };
    const { way, why } = await this.find();
    return { name, ok: true, text: `Notes and files are added by ${WORDS[way]}: ${why}.` };
  }

  /** Asks once per process; what could not be told is asked again. */
  private async find(): Promise<{ way: Way; why: string }> {
    if (this.found) return this.found;
    const failure = await failureOf(() =>
      this.api.ask({
        method: 'PATCH',
        path: `${this.path}/${NO_SUCH_ID}`,
        headers: { 'Content-Type': JSON_PATCH },
        body: JSON.stringify([{ op: 'add', path: '/note/-', value: { text: 'connection test' } }]),
        what: 'try a JSON Patch',
      }),
    );
    if (failure?.code === 'SWB_PARTNER_NOT_FOUND')
      this.found = { way: 'jsonPatch', why: 'it takes them (tried with one that does not exist)' };
    else if (failure && NOT_TAKEN.includes(failure.status ?? 0))
      this.found = { way: 'replace', why: `it does not take a JSON Patch (answered ${failure.status})` };
    const said = failure ? describeFailure(failure) : 'one for what does not exist was taken';
    return this.found ?? { way: 'replace', why: `it could not be told whether a JSON Patch is taken (${said})` };
  }
}

const WORDS: Record<Way, string> = {
  replace: 'sending the whole list',
  append: 'sending only the new ones',
  jsonPatch: 'JSON Patch',
};
