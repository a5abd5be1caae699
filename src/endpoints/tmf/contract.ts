import type { Said } from '../../../test/endpoints/contract-case.js';
import { entries, type TmfRecord } from '../../sandbox/tmf-record.js';
import type { Settings } from '../form.js';
import { TMF_DIALECTS } from './system.js';

/* What the contract cases of all TM Forum APIs have in common. */

/** The settings of an endpoint that speaks a dialect, and adds to lists by writing them whole. */
export function tmfSettings(dialect: string): Settings {
  return { ...TMF_DIALECTS[dialect]?.settings, arrayMode: 'replace' };
}

export const notesOf = (record: TmfRecord | undefined): Said[] =>
  entries(record?.note).map((note) => ({
    text: String(note.text),
    reword: (text) => {
      note.text = text;
    },
    remove: () => {
      (record as TmfRecord).note = entries(record?.note).filter((other) => other !== note);
    },
  }));
