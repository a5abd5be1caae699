import { stat, unlink } from 'node:fs/promises';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';

/** A file with this name in the folder of a store lets it open once although something is missing. */
export const CONTINUE_FILE = 'continue-without-missing-files';
/** Names in an error; the log has all. */
const NAMED = 10;

/** What is missing in a store folder. An incomplete store does not open as if it were whole. */
export class Losses {
  private readonly found: string[] = [];
  private said = 0;

  private constructor(
    private readonly folder: string,
    private readonly allowed: boolean,
    private readonly log: (level: 'info' | 'warn' | 'error', text: string) => void,
  ) {}

  static async of(folder: string, log: (level: 'info' | 'warn' | 'error', text: string) => void): Promise<Losses> {
    const allowed = await stat(`${folder}/${CONTINUE_FILE}`).then(
      () => true,
      () => false,
    );
    return new Losses(folder, allowed, log);
  }

  get any(): boolean {
    return this.found.length > 0;
  }

  /** Something is missing: `what` says which file, or which part of it. */
  add(what: string): void {
    this.found.push(what);
  }

  /** Throws SWB_STORE if anything is missing, unless the user has accepted that. */
  check(): void {
    if (this.found.length === this.said) return;
    const missing = this.found.slice(this.said);
    this.said = this.found.length;
    const names = missing.slice(0, NAMED).join('; ') + (missing.length > NAMED ? '; …' : '');
    if (!this.allowed) {
      throw new SwitchboardError('SWB_STORE', say`The store in ${this.folder} is not complete: ${names}.`, {
        hint: say`Restore the files from a backup. To continue without them, create an empty file named ${CONTINUE_FILE} in this folder and restart: what they contained is lost, and open conversations may be created a second time at a partner.`,
      });
    }
    for (const what of missing) this.log('error', `The store in ${this.folder} continues without: ${what}.`);
  }

  /** The user's permission counts for one start only. */
  async forget(): Promise<void> {
    if (this.allowed) await unlink(`${this.folder}/${CONTINUE_FILE}`).catch(() => {});
  }
}
