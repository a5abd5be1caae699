import { PartnerError } from '../../errors.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import { describeFailure, failureOf } from '../connection.js';
import type { Check } from '../endpoint.js';
import type { ArrayMode } from './dialect.js';
import type { AddedEntry } from './whole-list.js';

export const JSON_PATCH = 'application/json-patch+json';

/** The id of a resource that no provider has: a write to it shows what is accepted without changing anything. */
export const NO_SUCH_ID = 'switchboard-connection-test';

/** Status codes by which a provider rejects a JSON Patch before doing anything. */
const REJECTIONS = [400, 405, 415, 422, 501];

type FixedMode = Exclude<ArrayMode, 'auto'>;

/** The mode in which a provider accepts a new list entry: as configured or, with `auto`, as detected once. */
export class ArrayModeDetector {
  private found?: { mode: FixedMode; why: string };

  constructor(
    private readonly api: Api,
    /** The path of the resources. */
    private readonly path: string,
    private readonly mode: ArrayMode,
  ) {}

  /** Adds an entry in the provider's mode. `together`: other lists must be sent along, which only the mode `replace` can do. */
  async add(
    single: (mode: 'append' | 'jsonPatch') => Promise<AddedEntry>,
    whole: () => Promise<AddedEntry>,
    together: boolean,
  ): Promise<AddedEntry> {
    if (this.mode !== 'auto') return this.mode === 'replace' ? whole() : single(this.mode);
    if (together || (await this.detect()).mode === 'replace') return whole();
    try {
      return await single('jsonPatch');
    } catch (error) {
      if (!(error instanceof PartnerError) || error.outcome !== 'notDone' || !REJECTIONS.includes(error.status ?? 0)) throw error;
      const added = await whole();
      this.found = { mode: 'replace', why: say`the provider answered a JSON Patch with ${error.status}` };
      return added;
    }
  }

  /** Whether an existing entry can be changed without writing the others. */
  async canChangeEntries(): Promise<boolean> {
    return (await this.current()) === 'jsonPatch';
  }

  /** Whether lists are sent whole, so that changes made by others at the same time can be lost. */
  async sendsWholeLists(): Promise<boolean> {
    return (await this.current()) === 'replace';
  }

  private async current(): Promise<FixedMode> {
    return this.mode === 'auto' ? (await this.detect()).mode : this.mode;
  }

  /** The mode in use, and why, in words. Never throws. */
  async check(): Promise<Check> {
    const name = say`Lists`;
    if (this.mode !== 'auto')
      return { name, ok: true, text: say`Notes and files are added by ${WORDS[this.mode]()}, as configured.` };
    const { mode, why } = await this.detect();
    return { name, ok: true, text: say`Notes and files are added by ${WORDS[mode]()}: ${why}.` };
  }

  /** Tries once per process; tries again if the result was unclear. */
  private async detect(): Promise<{ mode: FixedMode; why: string }> {
    if (this.found) return this.found;
    const failure = await failureOf(() =>
      this.api.ask({
        method: 'PATCH',
        path: `${this.path}/${NO_SUCH_ID}`,
        headers: { 'Content-Type': JSON_PATCH },
        body: JSON.stringify([{ op: 'add', path: '/note/-', value: { text: 'connection test' } }]),
        what: say`try a JSON Patch`,
      }),
    );
    if (failure?.code === 'SWB_PARTNER_NOT_FOUND')
      this.found = { mode: 'jsonPatch', why: say`the provider accepts it (tested with a resource that does not exist)` };
    else if (failure && REJECTIONS.includes(failure.status ?? 0))
      this.found = { mode: 'replace', why: say`the provider rejects a JSON Patch (status ${failure.status})` };
    const reason = failure ? describeFailure(failure) : say`it accepted one for a resource that does not exist`;
    return this.found ?? { mode: 'replace', why: say`it is unclear whether the provider accepts a JSON Patch (${reason})` };
  }
}

const WORDS: Record<FixedMode, () => string> = {
  replace: () => say`sending the whole list`,
  append: () => say`sending only the new entries`,
  jsonPatch: () => 'JSON Patch',
};
